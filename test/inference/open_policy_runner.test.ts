import assert from 'node:assert/strict';
import { join } from 'node:path';
import { BadInput } from '../../src/errors.js';
import { openPolicyRunner } from '../../src/inference/open_policy_runner.js';
import { noiseOfSample } from '../../src/inference/vectors.js';
import { readPlanFor } from '../../src/policy/plan_file.js';
import { assertClose } from '../support/assert_close.js';
import { type Fixture, fixture } from '../support/fixtures.js';
import { writePlanFor } from '../support/plans.js';
import { bacLike, unified } from '../support/schedules.js';
import { temporaryDirectory } from '../support/temporary_directory.js';

describe('openPolicyRunner', () => {
  const directory = temporaryDirectory();
  let full: Fixture;
  before(async () => {
    full = await fixture('full');
  });

  it('runs the dense policy: sample, action and how long it took', async () => {
    const { policy, inputs, reference } = full;
    const runner = await openPolicyRunner(policy.directory);
    assert.equal(runner.policySha256, policy.sha256);
    assert.equal(runner.planSha256, undefined);
    assert.deepEqual(runner.manifest, policy.manifest);
    const size = inputs.condition.length / inputs.samples;
    const begin = performance.now();
    const condition = inputs.condition.subarray(size, 2 * size);
    const chunk = await runner.denoise(condition, noiseOfSample(inputs, 1, 20));
    assert.ok(chunk.latencyMs > 0 && chunk.latencyMs <= performance.now() - begin);
    assertClose(chunk.sample, reference('sample').subarray(40, 80), 1e-4, 'sample');
    assertClose(chunk.action, reference('action').subarray(32, 64), 1e-3, 'action');
    await runner.close();
  });

  it('runs a plan, which costs less, and names it', async () => {
    const { policy } = full;
    const path = writePlanFor(policy, bacLike(6, 20, 3, 4), join(directory, 'bac.json'));
    const dense = await openPolicyRunner(policy.directory);
    const cached = await openPolicyRunner(policy.directory, { plan: path, threads: 2 });
    assert.equal(cached.planSha256, (await readPlanFor(path, policy)).sha256);
    assert.ok(cached.multiplyAdds < dense.multiplyAdds);
    await dense.close();
    await cached.close();
  });

  it('gives the same chunk for the same noise, whatever ran before', async () => {
    const { policy, inputs } = full;
    const path = writePlanFor(policy, unified(6, [0, 10]), join(directory, 'two.json'));
    const runner = await openPolicyRunner(policy.directory, { plan: path });
    const size = inputs.condition.length / inputs.samples;
    const chunk = async (i: number): Promise<Float32Array> => {
      const condition = inputs.condition.subarray(i * size, (i + 1) * size);
      return (await runner.denoise(condition, noiseOfSample(inputs, i, 20))).sample;
    };
    const first = await chunk(0);
    const second = await chunk(1);
    assert.notDeepEqual(first, second);
    assert.deepEqual(await chunk(0), first);
    await runner.close();
  });

  it('refuses a plan for another policy', async () => {
    const other = await fixture('model_only');
    const path = writePlanFor(other.policy, unified(6, [0]), join(directory, 'other.json'));
    const opening = openPolicyRunner(full.policy.directory, { plan: path });
    await assert.rejects(opening, BadInput);
  });
});
