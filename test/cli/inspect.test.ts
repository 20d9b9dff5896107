import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeCalibration } from '../../src/policy/calibration_file.js';
import { writeSafetensors } from '../../src/policy/safetensors.js';
import { calibrationOf, randomFeatures } from '../caching/random_features.js';
import { writePlaceholderPolicy } from './placeholder_policy.js';
import { runCli } from './run_cli.js';

describe('bac-policy inspect', () => {
  let directory = '';
  const at = (name: string): string => join(directory, name);
  before(() => (directory = mkdtempSync(join(tmpdir(), 'bac_policy_'))));
  after(() => rmSync(directory, { recursive: true }));

  const facts = (path: string): Record<string, unknown> => {
    const result = runCli('inspect', path, '--json');
    assert.equal(result.status, 0, result.stderr);
    return JSON.parse(result.stdout) as Record<string, unknown>;
  };

  it('describes a policy package', () => {
    const sha256 = writePlaceholderPolicy(at('policy'));
    assert.equal(facts(at('policy'))['sha256'], sha256);
    const { stdout } = runCli('inspect', at('policy'));
    assert.match(stdout, /^denoiser +2 layers, 2 heads, E 8, causal/m);
    assert.match(stdout, /none: replay and the node need some/);
    assert.ok(stdout.includes(sha256));
  });

  it('describes a calibration with the error of every block', async () => {
    await writeCalibration(at('calibration'), calibrationOf(randomFeatures(1, 4, 10, 1)));
    const found = facts(at('calibration'));
    assert.equal(found['kind'], 'calibration');
    assert.equal(Object.keys(found['block_errors'] as object).length, 3);
    assert.match(runCli('inspect', at('calibration')).stdout, /^0\.cross_attention +[\d.]+$/m);
  });

  it('lists the tensors of vectors', async () => {
    await writeSafetensors(at('vectors'), [
      ['observation', { dtype: 'F32', shape: [2, 1, 3], data: new Float32Array(6) }],
    ]);
    assert.match(runCli('inspect', at('vectors')).stdout, /^observation +F32 +\(2, 1, 3\)$/m);
  });

  it('refuses what it does not know, on one line', () => {
    writeFileSync(at('text'), 'hello, this is no such file');
    writeFileSync(at('other.json'), '{"format": "something else"}');
    for (const [path, message] of [
      [at('text'), /neither a policy package nor a plan/],
      [at('other.json'), /other\.json: format: /],
      [at('missing'), /does not exist/],
      [directory, /neither a policy package/],
    ] as const) {
      const result = runCli('inspect', path);
      assert.equal(result.status, 2);
      assert.match(result.stderr, message);
      assert.equal(result.stderr.trim().split('\n').length, 1);
    }
  });
});
