import assert from 'node:assert/strict';
import { join } from 'node:path';
import { certificateOf } from '../../src/caching/certificate.js';
import { readPlanFor } from '../../src/policy/plan_file.js';
import type { PolicyPackage } from '../../src/policy/policy_package.js';
import { floatTensor, writeSafetensors } from '../../src/policy/safetensors.js';
import { randomInputs, randomPolicy } from '../support/random_policy.js';
import { runCli } from './run_cli.js';

const SAMPLES = 24;
const PRESETS = ['quality', 'balanced', 'fast'] as const;

describe('bac-policy optimize', () => {
  let policy: PolicyPackage;
  let vectors = '';
  before(async () => {
    policy = await randomPolicy();
    vectors = join(policy.directory, 'vectors.safetensors');
    const { n_obs_steps: window, condition_dim: width } = policy.manifest.architecture;
    const { condition } = randomInputs(policy, SAMPLES, 3);
    await writeSafetensors(vectors, [
      ['condition', floatTensor([SAMPLES, window, width], condition)],
    ]);
  });

  it('writes presets that carry certificates, none exacter than a slower one costs', async () => {
    const args = ['--vectors', vectors, '--trajectories', '32', '--time-limit', '20', '--json'];
    const { status, stdout, stderr } = runCli('optimize', policy.directory, ...args);
    assert.equal(status, 0, stderr);
    const { curve } = JSON.parse(stdout) as { curve: { evaluations: number[]; error: number }[] };
    assert.ok(curve.length >= 5, stdout);
    assert.ok(curve.every(({ error }) => error > 0));
    const updates: number[] = [];
    for (const preset of PRESETS) {
      const path = join(policy.directory, 'plans', `${preset}.json`);
      const { plan } = await readPlanFor(path, policy);
      const certificate = certificateOf(plan, path);
      assert.ok(certificate, preset);
      assert.ok(certificate.calibration.error.rms.value > 0);
      updates.push(plan.method.updates!);
    }
    assert.ok(updates[0]! >= updates[1]! && updates[1]! >= updates[2]!, updates.join());
  });

  it('says what it needs', () => {
    const { status, stderr } = runCli('optimize', policy.directory);
    assert.equal(status, 2);
    assert.match(stderr, /give one of --bag and --vectors/);
  });
});
