import assert from 'node:assert/strict';
import { affineConstants } from '../../src/caching/affine_constants.js';
import { type DenoisingProgram, denoisingProgram } from '../../src/caching/denoising_program.js';
import type { Plan } from '../../src/caching/plan.js';
import type { PolicyPackage } from '../../src/policy/policy_package.js';
import { CostModel } from '../../src/search/cost_model.js';
import { planFor } from '../support/plans.js';
import { randomAffineRuns } from '../support/random_affine_runs.js';
import { randomPolicy } from '../support/random_policy.js';
import { type Schedules, unified } from '../support/schedules.js';

const BLOCKS = 6;

describe('the cost model', () => {
  let policy: PolicyPackage;
  let model: CostModel;
  let heard = 0;
  before(async () => {
    policy = await randomPolicy();
    model = await CostModel.fit(policy, { threads: 1, onChunk: () => heard++ });
  });

  const affine = (schedules: Schedules, numerics: Plan['numerics']): DenoisingProgram => {
    const evaluations = [...new Set(schedules.flat())].sort((a, b) => a - b);
    const runs = randomAffineRuns(policy, evaluations, { lookAhead: true, noiseSteps: 4 });
    return denoisingProgram(policy.manifest, {
      plan: { ...planFor(policy, schedules), correction: { kind: 'affine' }, numerics },
      constants: affineConstants(runs),
    });
  };

  it('says how much of its work there is', () => {
    assert.ok(heard >= CostModel.chunks());
  });

  it('explains the times that it was fitted to, and more work takes longer', () => {
    for (const { measured, predicted } of model.data.probes) {
      assert.ok(predicted > measured / 3 && predicted < 3 * measured, `${predicted} ${measured}`);
    }
    const times = [[0], [0, 9], [0, 4, 9, 15]].map((steps) =>
      model.predictMs(affine(unified(BLOCKS, steps), { kind: 'fp32' })),
    );
    assert.ok(times[0]! < times[1]! && times[1]! < times[2]!, times.join());
  });

  it('expects a chunk that skips blocks to be shorter', () => {
    const partial = unified(BLOCKS, [0, 9, 15]).with(3, [0, 9]).with(5, [0]);
    const whole = model.predictMs(affine(unified(BLOCKS, [0, 9, 15]), { kind: 'fp32' }));
    assert.ok(model.predictMs(affine(partial, { kind: 'fp32' })) < whole);
  });
});
