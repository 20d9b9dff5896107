import assert from 'node:assert/strict';
import { BadInput } from '../../../src/errors.js';
import { loadPolicy } from '../../../src/inference/worker/load_policy.js';
import type { LoadedPolicy, LoadOptions } from '../../../src/inference/worker/loaded_policy.js';
import { randomPolicy } from '../../support/random_policy.js';
import { cameraPolicy, liftPolicy, type RunnablePolicy } from '../../support/ros_policies.js';

describe('loadPolicy', () => {
  /** K = 20, so that all presets are quickly compiled. */
  let camera: RunnablePolicy;
  before(async () => {
    camera = await cameraPolicy();
  });

  async function load(options: Partial<LoadOptions>): Promise<LoadedPolicy> {
    const { runner, loaded } = await loadPolicy({
      policy: camera.directory,
      provider: 'cpu',
      providerFallback: false,
      threads: 1,
      ...options,
    });
    await runner.close();
    return loaded;
  }

  it('takes the preset, else the dense policy, but a plan goes before both', async () => {
    const dense = await load({});
    assert.equal(dense.planName, 'dense');
    assert.equal(dense.preset, 'dense');
    assert.equal(dense.planSha256, undefined);
    assert.deepEqual(dense.blockUpdates, { computed: 120, total: 120 });
    const fast = await load({ preset: 'fast' });
    assert.equal(fast.planName, 'uniform_s1_final');
    assert.equal(fast.preset, 'fast');
    assert.ok(fast.multiplyAdds < 0.2 * dense.multiplyAdds);
    const given = await load({ preset: 'fast', plan: camera.plan.path });
    assert.equal(given.planSha256, camera.plan.sha256);
    assert.equal(given.preset, undefined);
  });

  it('goes on to the next faster preset until the budget is kept', async () => {
    const balanced = await load({ preset: 'balanced', latencyBudgetMs: 60_000 });
    assert.equal(balanced.preset, 'balanced');
    assert.equal(balanced.budgetNote, undefined);

    const budgetMs = 1e-3;
    const fast = await load({ preset: 'quality', latencyBudgetMs: budgetMs });
    assert.equal(fast.preset, 'fast');
    const nothingFaster =
      /^preset fast takes [\d.]+ ms a chunk, more than the latency budget of 0.001 ms, and there is no faster one$/;
    assert.match(fast.budgetNote!, nothingFaster);
  });

  it('says which presets took too long', async () => {
    // The demo's policy: what it does in 100 steps takes far longer than in ten.
    const policy = (await liftPolicy()).directory;
    const dense = (await load({ policy })).warmUp.medianMs;
    const fast = (await load({ policy, preset: 'fast' })).warmUp.medianMs;
    const latencyBudgetMs = Math.sqrt(dense * fast);
    const { preset, budgetNote } = await load({ policy, preset: 'dense', latencyBudgetMs });
    assert.notEqual(preset, 'dense');
    assert.match(
      budgetNote!,
      new RegExp(`^preset ${preset} takes [\\d.]+ ms a chunk; dense.* took more than the latency`),
    );
  });

  it('keeps a given plan that is over the budget, and says so', async () => {
    const { planSha256, budgetNote } = await load({
      plan: camera.plan.path,
      latencyBudgetMs: 1e-3,
    });
    assert.equal(planSha256, camera.plan.sha256);
    assert.match(budgetNote!, /^the plan takes [\d.]+ ms a chunk, more than the latency budget/);
  });

  it('says once that the CPU takes the place of CUDA, and loads the same policy', async () => {
    const { provider, providerNote, policySha256 } = await load({ provider: 'auto' });
    assert.equal(providerNote === undefined, provider === 'cuda');
    assert.equal(policySha256, camera.policy.sha256);
  });

  it('refuses a package without observation sources, naming the field', async () => {
    const { directory } = await randomPolicy();
    await assert.rejects(
      load({ policy: directory }),
      (error) => error instanceof BadInput && /observation_sources is missing/.test(error.message),
    );
  });
});
