import assert from 'node:assert/strict';
import type { Calibration } from '../../src/caching/calibration.js';
import { METHODS } from '../../src/caching/methods/methods.js';
import { planName } from '../../src/caching/plan_name.js';
import { methodPlan } from '../../src/cli/method_plan.js';
import type { PolicyPackage } from '../../src/policy/policy_package.js';
import { randomInputs, randomPolicy } from '../support/random_policy.js';
import { calibrationOf, randomFeatures } from '../caching/random_features.js';

describe('methodPlan', function () {
  this.timeout(60_000);
  let policy: PolicyPackage;
  let calibration: Calibration;
  before(async () => {
    policy = await randomPolicy({ noise_scheduler: { steps: 12, train_steps: 12 } });
    const { architecture, noise_scheduler: scheduler } = policy.manifest;
    const { condition, initialNoise } = randomInputs(policy, 6, 2);
    calibration = {
      ...calibrationOf(randomFeatures(architecture.layers, scheduler.steps, 8, 3)),
      policySha256: policy.sha256,
      trajectories: {
        samples: 6,
        condition,
        episodes: Int32Array.of(0, 0, 0, 1, 1, 1),
        // Two runs of each observation.
        observations: Int32Array.of(0, 0, 1, 1, 2, 2),
        // Final samples, for how much they differ by noise.
        states: [initialNoise],
        clean: [],
      },
    };
  });

  it('makes the plans of all methods from one calibration', async () => {
    const names = [];
    for (const { name } of METHODS) {
      const options = name === 'int8' ? { blocks: 5 } : {};
      const { plan } = await methodPlan(policy, name, { calibration, options, threads: 1 });
      assert.equal(plan.policy_sha256, policy.sha256);
      names.push(planName(plan));
    }
    assert.equal(new Set(names).size, METHODS.length);
    assert.ok(names.includes('int8_s10_b5') && names.includes('taylor2_s10'), names.join());
  });

  it('is the same every time', async () => {
    const make = (): ReturnType<typeof methodPlan> =>
      methodPlan(policy, 'exposure-bias', { calibration, options: { updates: 4 }, threads: 1 });
    assert.deepEqual(await make(), await make());
  });

  it('says what a method lacks', async () => {
    const without = { ...calibration };
    delete (without as { trajectories?: unknown }).trajectories;
    await assert.rejects(
      methodPlan(policy, 'linear', { calibration: without, options: {}, threads: 1 }),
      /method linear needs a calibration with observations/,
    );
    await assert.rejects(
      methodPlan(policy, 'bac', { options: {}, threads: 1 }),
      /method bac needs a calibration/,
    );
  });
});
