import assert from 'node:assert/strict';
import { budgetPicks } from '../../src/report/facts/budget_picks.js';
import type { ReportFacts } from '../../src/report/facts/report_facts.js';
import { reportMarkdown } from '../../src/report/report_markdown.js';
import { reportPage } from '../../src/report/report_page.js';
import { measuredReport } from './measured_report.js';
import { numbersIn } from './numbers_in.js';

/** What is shown as a multiple of what JSON holds: percent; milliradians and millimetres. */
const FACTORS = [1, 100, 1000];

describe('report', function () {
  this.timeout(120_000);
  let facts: ReportFacts;
  let page: string;
  before(async () => {
    facts = await measuredReport();
    page = await reportPage(facts);
  });

  it('measures every plan: error, cost, and time where a compiled graph can run it', () => {
    const [dense, ...plans] = facts.rows;
    assert.deepEqual([dense!.name, dense!.cost, dense!.error], ['dense', 1, null]);
    const online = plans.filter(({ method }) => method === 'teacache');
    assert.ok(
      online.length > 0 && online.every(({ time, engine }) => !time && engine === 'interpreter'),
    );
    for (const { name, time, error, cost, distribution_distance: distance } of plans) {
      assert.ok(error!.rms.low <= error!.rms.value && error!.rms.value <= error!.rms.high, name);
      assert.equal(error!.samples, 12, 'every observation from two noises');
      assert.ok(cost > 0 && cost <= 1.2, `${name} ${cost}`);
      assert.ok(distance && distance.low <= distance.high);
      if (time) assert.equal(time.chunks_ms.length, 20);
    }
    const cost = (start: string): number => plans.find(({ name }) => name.startsWith(start))!.cost;
    assert.ok(
      cost('uniform_s5') < cost('uniform_s10') && cost('uniform_s10') < cost('uniform_s20'),
    );
    const all = plans.find(({ name }) => name === 'uniform_s20')!;
    assert.deepEqual([all.error!.rms.value, all.cost], [0, 1], 'all 20 steps: dense');
    assert.ok(facts.noise_spread.difference > 0 && facts.observations.held_out);
  });

  it('takes plans that were given as files for its curves, and follows them while they denoise', () => {
    const featured = facts.rows.filter((row) => row.featured);
    const picks = budgetPicks(facts, ({ cost }) => cost).map(({ row }) => row);
    assert.ok(picks.length > 0 && picks.every((row) => row.featured));
    assert.equal(featured.filter(({ plan }) => plan?.file).length, 5);
    assert.ok(featured.every((row) => row.plan?.file || picks.includes(row)));
    for (const { along_denoising: curve, name, plan } of featured) {
      assert.equal(curve.at(-1)!.share, 1, name);
      if (name.endsWith('s20')) continue;
      assert.ok(curve.at(-1)!.rms > 0);
      if (plan!.correction === 'affine') {
        // One point for each run, the one before the first evaluation included.
        assert.equal(curve.length, plan!.evaluations.length + 1, name);
      } else {
        assert.equal(curve.length, 20, name);
        assert.ok(curve[0]!.rms < 1e-4, 'the first step is computed');
      }
    }
    const searched = featured.find(({ name }) => name === 'searched_3')!.plan!;
    assert.deepEqual(searched.evaluations, [6, 12, 17], 'pure noise is not evaluated');
    assert.equal(searched.block_update_share, 3 / 20);
  });

  it('is one page that stands alone, with every figure', () => {
    assert.ok(page.includes('Which plan to take for random'));
    assert.ok(
      page.includes('gripper &lt;left&gt;') && page.includes('has &lt;nothing&gt; to fit on'),
    );
    const rasters = facts.rows.filter((row) => row.featured).length;
    const overlays = facts.overlays.length * facts.policy.joints.length;
    // Error by cost and by ms, per step, along the denoising, times, rasters, chunks.
    assert.equal(page.match(/<svg /g)?.length, 2 + 2 + 1 + rasters + overlays);
    assert.equal(
      page.match(/<img src="data:image\/png;base64,/g)?.length,
      6,
      'a map of every block',
    );
    const bad = /.{0,80}(<script|NaN|undefined|Infinity|\[object).{0,80}/;
    assert.equal(bad.exec(page)?.[0], undefined);
    const fetched = /.{0,80}(https?:|src="(?!data:)|@import|url\((?!data:|#)|<link).{0,80}/;
    assert.equal(fetched.exec(page.replaceAll(/xmlns(:\w+)?="[^"]*"/g, ''))?.[0], undefined);
  });

  it('names every point of its plots', () => {
    const points = page.match(/class="point"[^>]*>\s*<title>[^<]+<\/title>/g) ?? [];
    const plans = facts.rows.filter(({ error }) => error && error.rms.value > 0);
    const timed = plans.filter(({ time }) => time);
    assert.equal(points.length, plans.length + timed.length);
  });

  it('shows no number in tables and cards that its JSON does not hold', () => {
    const held = numbersIn(JSON.parse(JSON.stringify(facts)));
    const shown = (texts: readonly string[]): string[] =>
      texts.flatMap(
        (text) => text.replaceAll(/<[^>]*>|[a-z]+_\w*/g, ' ').match(/\d+(\.\d+)?/g) ?? [],
      );
    const cells = page.match(/<td[^>]*>[^<]*<\/td>/g) ?? [];
    const cards = page.match(/<p><b>[\s\S]*?<\/p>/g) ?? [];
    const markdown = reportMarkdown(facts).match(/\|(?![ -]*\|)[^\n]*/g) ?? [];
    const numbers = [
      ...shown(cells),
      ...shown(cards),
      ...shown(markdown.map((line) => line.replace(/^\|[^|]*/, ''))),
    ].filter((number) => !['90', '99', '95', '0'].includes(number));
    assert.ok(numbers.length > 300, `${numbers.length} numbers`);
    for (const number of new Set(numbers)) {
      const digits = number.split('.')[1]?.length ?? 0;
      const found = held.some((value) =>
        FACTORS.some((factor) => Math.abs(factor * value).toFixed(digits) === number),
      );
      assert.ok(found, `${number} is not in the JSON`);
    }
  });

  it('has the same tables as Markdown', () => {
    const markdown = reportMarkdown(facts);
    for (const { name } of facts.rows) assert.ok(markdown.includes(`| ${name} |`), name);
    assert.ok(markdown.includes(facts.made.command));
    const [heading, rule] = markdown.split('\n').filter((line) => line.startsWith('|'));
    assert.equal(heading!.split('|').length, rule!.split('|').length);
  });
});
