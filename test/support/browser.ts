import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { brotliDecompress } from 'node:zlib';
import { type Browser, chromium } from 'playwright-core';
import { messageOf } from '../../src/errors.js';
import { createDirectoryAtomically } from '../../src/files.js';

/** Where npm puts the package that ships Chromium for x64 Linux, with the libraries a bare machine lacks. */
const PACKAGE = resolve('node_modules/@sparticuz/chromium');

/**
 * Starts a real browser without a window: the one that npm installed, unpacked once (5 s, 200 MB, below
 * node_modules/.cache), else one that `BAC_POLICY_CHROMIUM` names.
 * @param context its tests are skipped where there is no browser to be had; with CI=true that is a failure
 */
export async function startBrowser(context: Mocha.Context): Promise<Browser> {
  try {
    const given = process.env['BAC_POLICY_CHROMIUM'];
    const { executablePath, env } =
      given === undefined ? await unpacked() : { executablePath: given, env: {} };
    return await chromium.launch({
      executablePath,
      // Containers let no program make a sandbox; the pages are ours.
      args: ['--no-sandbox', '--no-zygote', '--disable-gpu', '--font-render-hinting=none'],
      env: { ...(process.env as Record<string, string>), ...env },
    });
  } catch (error) {
    if (process.env['CI'] === 'true') throw error;
    const [reason] = messageOf(error).split('\n');
    process.stderr.write(`    skipped: no browser: ${reason}; BAC_POLICY_CHROMIUM can name one\n`);
    return context.skip();
  }
}

/** Chromium as a folder of its own, with its libraries and one font, so that pages look the same everywhere. */
async function unpacked(): Promise<{ executablePath: string; env: Record<string, string> }> {
  const { version } = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8')) as {
    version: string;
  };
  const directory = resolve(`node_modules/.cache/chromium-${version}`);
  if (!existsSync(directory)) {
    await createDirectoryAtomically(
      directory,
      () => true,
      async (into) => {
        await writeFile(join(into, 'chromium'), await decompressed('chromium.br'), { mode: 0o755 });
        for (const archive of ['al2023.tar.br', 'fonts.tar.br']) {
          const input = await decompressed(archive);
          const { status, stderr } = spawnSync('tar', ['-x', '--no-same-owner', '-C', into], {
            input,
          });
          if (status !== 0) throw new Error(`cannot unpack ${archive}: ${String(stderr)}`);
        }
        await writeFile(
          join(into, 'fonts.conf'),
          `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>` +
            `<dir>${directory}/fonts</dir><cachedir>${directory}/font_cache</cachedir></fontconfig>`,
        );
      },
    );
  }
  return {
    executablePath: join(directory, 'chromium'),
    env: {
      LD_LIBRARY_PATH: join(directory, 'lib'),
      FONTCONFIG_FILE: join(directory, 'fonts.conf'),
    },
  };
}

async function decompressed(name: string): Promise<Buffer> {
  return promisify(brotliDecompress)(readFileSync(join(PACKAGE, 'bin', name)));
}
