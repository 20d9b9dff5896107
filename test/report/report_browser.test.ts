/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { reportPage } from '../../src/report/report_page.js';
import { startBrowser } from '../support/browser.js';
import { temporaryDirectory } from '../support/temporary_directory.js';
import { measuredReport } from './measured_report.js';

/** Contrast of text that WCAG 2 asks for (level AA, normal size). */
const LEAST_CONTRAST = 4.5;
/** A4 less the margins that browsers leave, px. */
const A4_TEXT_WIDTH = 718;
const WIDTHS = [360, 768, 1280] as const;

describe('report in a browser', function () {
  this.timeout(180_000);
  let browser: Browser;
  let url: string;
  before(async function () {
    browser = await startBrowser(this);
    const path = join(temporaryDirectory(), 'report.html');
    writeFileSync(path, await reportPage(await measuredReport()));
    url = pathToFileURL(path).href;
  });
  after(async () => {
    await (browser as Browser | undefined)?.close();
  });

  /** Opens the report, hands it over, and checks that nothing was complained of and nothing fetched. */
  async function open(
    options: { width: number; colorScheme?: 'light' | 'dark'; javaScriptEnabled?: boolean },
    look: (page: Page) => Promise<void>,
  ): Promise<void> {
    const { width, ...rest } = options;
    const page = await browser.newPage({ viewport: { width, height: 800 }, ...rest });
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => {
      if (!/^(file|data):/.test(request.url())) complaints.push(`fetches ${request.url()}`);
    });
    await page.goto(url);
    await look(page);
    await page.close();
    assert.deepEqual(complaints, []);
  }

  for (const width of WIDTHS) {
    it(`fits into ${width} px, every picture visible`, async () => {
      await open({ width }, async (page) => {
        const [wide, pictures] = await page.evaluate(() => [
          document.documentElement.scrollWidth,
          [...document.querySelectorAll('svg, img')].map((each) => {
            const { width: w, height, left, right } = each.getBoundingClientRect();
            return { w, height, left, right };
          }),
        ]);
        assert.equal(wide, width, 'nothing to scroll sideways');
        assert.ok(pictures.length > 10);
        for (const { w, height, left, right } of pictures) {
          assert.ok(w >= 50 && height >= 50 && left >= 0 && right <= width, `${w} x ${height}`);
        }
      });
    });
  }

  it('turns tables into blocks on a phone, each value behind its heading', async () => {
    await open({ width: 360 }, async (page) => {
      const headings = await page.evaluate(() =>
        [...document.querySelectorAll('td')]
          .filter((cell) => cell.textContent.trim() !== '')
          .map((cell) => getComputedStyle(cell, '::before').content),
      );
      assert.ok(headings.length > 100 && headings.every((text) => /^".{2,}"$/.test(text)));
    });
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    it(`can be read in ${colorScheme}: contrast of all text, that of charts too`, async () => {
      await open({ width: 1280, colorScheme }, async (page) => {
        const found = await page.evaluate(readColours);
        assert.ok(found.length > 300, `${found.length} texts`);
        for (const { text, colour, background } of found) {
          const ratio = contrast(colour, background);
          assert.ok(ratio >= LEAST_CONTRAST, `${text}: ${colour} on ${background} is ${ratio}`);
        }
      });
    });
  }

  it('prints as pages, nothing cut off', async () => {
    await open({ width: 1280, colorScheme: 'dark' }, async (page) => {
      await page.emulateMedia({ media: 'print' });
      const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      assert.equal(background, 'rgb(255, 255, 255)', 'paper is white');
      await page.setViewportSize({ width: A4_TEXT_WIDTH, height: 1000 });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(wide <= A4_TEXT_WIDTH, `${wide} px wide`);
      const pdf = await page.pdf({ format: 'A4' });
      assert.equal(pdf.subarray(0, 5).toString(), '%PDF-');
      const pages = pdf.toString('latin1').match(/\/Type ?\/Page\b/g)?.length ?? 0;
      assert.ok(pages >= 3 && pages <= 14, `${pages} pages`);
    });
  });

  it('needs no script', async () => {
    await open({ width: 1280, javaScriptEnabled: false }, async (page) => {
      assert.equal(await page.locator('h1').count(), 1);
      assert.ok((await page.locator('svg').count()) > 10);
    });
  });

  it('explains its points and names its figures for those who cannot see them', async () => {
    await open({ width: 1280 }, async (page) => {
      const titles = await page.locator('.point title').allTextContents();
      assert.ok(
        titles.length > 5 && titles.every((title) => /error .* of the multiply-adds/.test(title)),
      );
      const unnamed = await page.locator('svg:not([aria-label]), img:not([alt])').count();
      assert.equal(unnamed, 0);
    });
  });
});

/** In the page: every text with its colour and the one behind it, `r, g, b`. */
function readColours(): { text: string; colour: string; background: string }[] {
  const opaque = (colour: string): boolean => !/, 0\)$|transparent/.test(colour);
  const behind = (element: Element | null): string => {
    for (let at = element; at; at = at.parentElement) {
      const { backgroundColor } = getComputedStyle(at);
      if (opaque(backgroundColor)) return backgroundColor;
    }
    return 'rgb(255, 255, 255)';
  };
  return [...document.querySelectorAll('body *')].flatMap((element) => {
    const text = [...element.childNodes]
      .filter((node) => node.nodeType === Node.TEXT_NODE)
      .map((node) => node.textContent?.trim())
      .join('');
    if (text === '' || element.tagName === 'title') return [];
    const style = getComputedStyle(element);
    const colour = element instanceof SVGElement ? style.fill : style.color;
    return [{ text, colour, background: behind(element) }];
  });
}

/** Contrast of two colours by WCAG 2: 1 to 21. */
function contrast(a: string, b: string): number {
  const luminance = (colour: string): number => {
    const [red, green, blue] = (colour.match(/[\d.]+/g) ?? []).map((value) => {
      const share = Number(value) / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
  };
  const [dark, bright] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (bright + 0.05) / (dark + 0.05);
}
