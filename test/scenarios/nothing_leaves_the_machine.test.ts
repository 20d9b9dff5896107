import assert from 'node:assert/strict';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { startCli } from '../cli/run_cli.js';
import { fixture } from '../support/fixtures.js';
import { temporaryDirectory } from '../support/temporary_directory.js';

describe('nothing leaves the machine', () => {
  it('ONNX Runtime prepares no report of what it ran, in any directory it may use', async () => {
    const { policy } = await fixture('full');
    const directory = temporaryDirectory();
    const directories = ['home', 'cache', 'tmp'].map((name) => join(directory, name));
    for (const path of directories) mkdirSync(path);
    const [HOME, XDG_CACHE_HOME, TMPDIR] = directories;
    const own = { HOME, XDG_CACHE_HOME, TMPDIR };
    // The library sends nothing from CI either: the test is about everywhere else.
    const elsewhere = {
      CI: undefined,
      GITHUB_ACTIONS: undefined,
      ORT_DISABLE_TELEMETRY: undefined,
    };
    const args = ['bench', policy.directory, '--chunks', '2', '--json'];
    const { status, stderr } = await startCli(args, { ...own, ...elsewhere }).result;
    assert.equal(status, 0, stderr);
    assert.deepEqual(
      directories.map((path) => readdirSync(path)),
      [[], [], []],
    );
  });
});
