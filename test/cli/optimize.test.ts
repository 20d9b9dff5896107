import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { certificateOf } from '../../src/caching/certificate.js';
import type { Optimized } from '../../src/cli/optimized_table.js';
import { readPlanFor } from '../../src/policy/plan_file.js';
import type { PolicyPackage } from '../../src/policy/policy_package.js';
import { floatTensor, writeSafetensors } from '../../src/policy/safetensors.js';
import { randomInputs, randomPolicy } from '../support/random_policy.js';
import { runCli, startCli } from './run_cli.js';

const SAMPLES = 24;
const PRESETS = ['quality', 'balanced', 'fast'];

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

  const optimize = (output: string): string[] => [
    ...['optimize', policy.directory, '--vectors', vectors, '--trajectories', '32'],
    ...['--time-limit', '200', '-o', join(policy.directory, output), '--json'],
  ];

  it('writes distinct presets, slower ones exacter, with certificates, beside BAC', async () => {
    const { status, stdout, stderr } = runCli(...optimize('plans'));
    assert.equal(status, 0, stderr);
    const found = JSON.parse(stdout) as Optimized;
    assert.ok(found.curve.length >= 5, stdout);
    assert.ok(found.curve.every(({ error, cost }) => error > 0 && cost > 0));
    assert.equal(found.stopped, null);
    assert.equal(found.dense_runs, 32);
    assert.deepEqual(
      found.presets.map(({ name }) => name),
      PRESETS,
    );
    for (const { name, path, sha256, certificate } of found.presets) {
      assert.equal(path, join(policy.directory, 'plans', `${name}.json`));
      const file = await readPlanFor(path, policy);
      assert.equal(file.sha256, sha256);
      assert.deepEqual(certificateOf(file.plan, path), certificate);
      assert.ok(certificate.calibration.error.rms.value > 0);
      assert.ok(certificate.predicted_ms! > 0 && certificate.measured_ms!.median > 0);
      assert.ok(certificate.drift!.observations > 0);
      assert.equal(certificate.threads, 1);
    }
    const [quality, balanced, fast] = found.presets.map((preset) => preset.found);
    assert.ok(quality!.evaluations.length > balanced!.evaluations.length);
    assert.ok(balanced!.evaluations.length > fast!.evaluations.length);
    assert.ok(quality!.error < balanced!.error && balanced!.error < fast!.error);
    assert.equal(found.bac.updates, 10);
    assert.ok(found.bac.certificate.held_out!.error.rms.value > 0);
    assert.equal(found.bac.certificate.correction, null);
    assert.ok(found.noise_spread.difference > 0 && found.control.error > 0);
  });

  it('measures and writes the best so far at Ctrl-C', async () => {
    const started = startCli(optimize('cut'));
    // Searching begins when the calibration is there.
    while (!existsSync(join(policy.directory, 'cut', 'calibration.safetensors'))) await sleep(20);
    await sleep(100);
    started.process.kill('SIGINT');
    const { status, stdout, stderr } = await started.result;
    assert.equal(status, 0, stderr);
    assert.match(stderr, /interrupted: the best so far is measured and written/);
    const { presets, stopped } = JSON.parse(stdout) as Optimized;
    assert.equal(stopped, 'interrupted');
    for (const { path } of presets) await readPlanFor(path, policy);
  });

  it('says what it needs', () => {
    const { status, stderr } = runCli('optimize', policy.directory);
    assert.equal(status, 2);
    assert.match(stderr, /give one of --bag and --vectors/);
  });
});
