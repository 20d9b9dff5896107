import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startCli } from '../cli/run_cli.js';
import { fixture } from '../support/fixtures.js';
import { writePlanFor } from '../support/plans.js';
import { bacLike } from '../support/schedules.js';
import { temporaryDirectory } from '../support/temporary_directory.js';

describe('two at once', () => {
  it('programs that compile the same plan into the same empty cache both get it right', async () => {
    const { policy, vectorsPath } = await fixture('full');
    const directory = temporaryDirectory();
    const at = (name: string): string => join(directory, name);
    const plan = writePlanFor(policy, bacLike(6, 20, 3, 4), at('plan.json'));
    const run = (output: string) => {
      const args = ['--plan', plan, '--input', vectorsPath, '--output', at(output)];
      return startCli(['run', policy.directory, ...args], { BAC_POLICY_CACHE: at('cache') }).result;
    };
    const outputs = ['a', 'b', 'c'];
    for (const { status, stderr } of await Promise.all(outputs.map(run))) {
      assert.equal(stderr, '');
      assert.equal(status, 0);
    }
    const cached = readdirSync(at('cache')).map((name) => name.replace(/^[0-9a-f]{64}/, ''));
    assert.deepEqual(cached.sort(), ['.json', '.onnx']);
    const results = outputs.map((output) => readFileSync(at(output)));
    assert.ok(results.every((bytes) => bytes.equals(results[0]!)));
    assert.equal((await run('again')).status, 0);
    assert.ok(readFileSync(at('again')).equals(results[0]!), 'from the cache');
  });
});
