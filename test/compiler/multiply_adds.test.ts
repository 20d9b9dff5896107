import assert from 'node:assert/strict';
import { eagerChunkCost, eagerCost } from '../../src/bench/eager_cost.js';
import { buildChunkGraph } from '../../src/compiler/chunk_graph.js';
import { type DenoiserWeights, denoiserWeights } from '../../src/compiler/denoiser_weights.js';
import { openDenoiser } from '../../src/inference/denoiser.js';
import type { PolicyPackage } from '../../src/policy/policy_package.js';
import { programFor } from '../support/programs.js';
import { randomPolicy } from '../support/random_policy.js';
import { dense, randomSchedules, type Schedules, unified } from '../support/schedules.js';
import { SeededRandom } from '../support/seeded_random.js';

const STEPS = 20;
const BLOCKS = 6;

describe('multiply-adds of a compiled plan', () => {
  let policy: PolicyPackage;
  let weights: DenoiserWeights;
  before(async () => {
    policy = await randomPolicy();
    weights = denoiserWeights(policy.denoiser, policy.manifest.architecture);
  });
  const cost = (updates: Schedules): number =>
    buildChunkGraph(weights, policy.manifest, programFor(policy, updates)).multiplyAdds;

  it('grow with every update, and never beyond those of the dense policy', () => {
    const random = new SeededRandom(3);
    const all = cost(dense(BLOCKS, STEPS));
    for (let round = 0; round < 20; round++) {
      const more = randomSchedules(BLOCKS, STEPS, round);
      const block = random.below(BLOCKS);
      const removed = more[block]!.filter((_, i) => i === 0 || random.below(2) === 0);
      if (removed.length === more[block]!.length) continue;
      const less = more.with(block, removed);
      const [a, b] = [cost(less), cost(more)];
      assert.ok(a < b, `${a} for fewer updates, ${b} for more`);
      assert.ok(b <= all);
    }
  });

  it('of an update of one block are the products that block is made of', () => {
    const { embedding: e, horizon: t } = policy.manifest.architecture;
    assert.equal(t % 12, 6, 'no idle tokens here');
    const base = unified(BLOCKS, [0, 9]);
    const feedForward = cost(base.with(2, [0, 4, 9])) - cost(base);
    // The step that now computes a block leaves the reuse space, which costs more or less than it saves.
    const other = cost(base.with(5, [0, 4, 9])) - cost(base);
    assert.equal(feedForward, other, 'layers cost the same');
    const both = cost(base.with(2, [0, 4, 9]).with(5, [0, 4, 9])) - cost(base);
    assert.equal(both - feedForward, t * e * 4 * e * 2, 'E to 4E and back');
  });

  it('of a step without an update are two small products in the reuse space', async () => {
    const { horizon: t, action_dim: a } = policy.manifest.architecture;
    const shorter = await randomPolicy({ noise_scheduler: { train_steps: 10, steps: 10 } });
    const once = unified(BLOCKS, [0]);
    const tenSteps = buildChunkGraph(
      weights,
      shorter.manifest,
      programFor(shorter, once),
    ).multiplyAdds;
    assert.equal(cost(once) - tenSteps, 10 * 2 * t * a * (2 * a + 3));
  });

  it('are about the same unrolled and step by step', async () => {
    const denoiser = await openDenoiser(policy, undefined);
    await denoiser.close();
    const unrolled = cost(dense(BLOCKS, STEPS));
    const difference = Math.abs(denoiser.multiplyAdds / unrolled - 1);
    assert.ok(difference < 0.02, `${denoiser.multiplyAdds}, ${unrolled}`);
  });

  it('of the network as it was trained are those counted by hand', () => {
    const a = policy.manifest.architecture;
    const { embedding: e, horizon: t, n_obs_steps: observations } = a;
    const keys = 1 + observations;
    const { perStep, blocks } = eagerCost(policy);
    const condition = observations * a.condition_dim * e + keys * e * 4 * e * 2;
    assert.equal(perStep, condition + 2 * t * a.action_dim * e);
    const self = 4 * t * e * e + 2 * t * t * e;
    const cross = 2 * t * e * e + 2 * keys * e * e + 2 * t * keys * e;
    assert.deepEqual(blocks, [self, cross, 8 * t * e * e, self, cross, 8 * t * e * e]);
    const chunk = eagerChunkCost({ perStep, blocks }, STEPS, () => 3);
    assert.equal(chunk, STEPS * perStep + 3 * blocks.reduce((x, y) => x + y));
  });
});
