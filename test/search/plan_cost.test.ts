import assert from 'node:assert/strict';
import { affineConstants } from '../../src/caching/affine_constants.js';
import { denoisingProgram } from '../../src/caching/denoising_program.js';
import type { Numerics } from '../../src/caching/plan_fields.js';
import { openDenoiser } from '../../src/inference/denoiser.js';
import type { PolicyPackage } from '../../src/policy/policy_package.js';
import { PlanCost } from '../../src/search/plan_cost.js';
import { planFor } from '../support/plans.js';
import { randomAffineRuns } from '../support/random_affine_runs.js';
import { randomPolicy } from '../support/random_policy.js';
import { unified } from '../support/schedules.js';

const LAYERS = 4;
const STEPS = 20;

describe('PlanCost', function () {
  this.timeout(30_000);
  let policy: PolicyPackage;
  before(async () => {
    policy = await randomPolicy({ architecture: { layers: LAYERS, horizon: 10 } });
  });

  /** Multiply-adds of a compiled plan as the search makes them: its first run looks at nothing. */
  const compiled = async (
    evaluations: number[],
    reused: number,
    numerics: Numerics,
  ): Promise<number> => {
    const steps = [0, ...evaluations];
    let schedules = unified(3 * LAYERS, steps);
    for (let layer = 0; layer < reused; layer++) {
      schedules = schedules.with(3 * layer + 2, steps.slice(0, -1));
    }
    const [first, ...rest] = randomAffineRuns(policy, steps, {
      lookAhead: false,
      noiseSteps: STEPS,
    });
    const runs = [{ ...first!, clean: first!.clean.map(() => 0) }, ...rest];
    const program = denoisingProgram(policy.manifest, {
      plan: { ...planFor(policy, schedules), correction: { kind: 'affine' }, numerics },
      constants: affineConstants(runs),
    });
    const denoiser = await openDenoiser(policy, program, { keepGraph: false });
    await denoiser.close();
    return denoiser.multiplyAdds;
  };

  for (const numerics of [{ kind: 'fp32' }, { kind: 'int8' }] as const) {
    it(`knows what graphs cost that were not compiled, ${numerics.kind}`, async () => {
      const cost = new PlanCost(policy, numerics);
      for (const [evaluations, reused] of [
        [[7], 0],
        [[5, 9, 15], 0],
        [[5, 9, 15], 2],
      ] as const) {
        const real = await compiled([...evaluations], reused, numerics);
        const expected = cost.affine(evaluations.length, reused);
        // Never less, or a budget would be exceeded; the first run needs no matrix of the clean sample.
        assert.ok(
          expected >= real && expected < 1.02 * real,
          `${expected} ${real} ${evaluations.length} ${reused}`,
        );
      }
    });
  }

  it('finds the most evaluations within a budget', async () => {
    const cost = new PlanCost(policy);
    for (const share of [0.1, 0.16, 0.21, 0.3, 0.5, 0.99]) {
      const { evaluations, reused } = cost.within(share);
      assert.ok(cost.affine(evaluations, reused) <= share * cost.dense);
      assert.ok(cost.affine(evaluations + 1) > share * cost.dense, `${share}: ${evaluations}`);
      if (evaluations < 2 || evaluations > 6) continue;
      const steps = Array.from({ length: evaluations }, (_, i) => 3 * (i + 1));
      const real = await compiled(steps, reused, { kind: 'fp32' });
      assert.ok(real <= share * cost.dense, `${share}: ${real / cost.dense}`);
    }
  });

  it('would rather leave out a block than a whole evaluation', () => {
    const cost = new PlanCost(policy);
    const share = (cost.affine(3) - 1) / cost.dense;
    assert.deepEqual(cost.within(share), { evaluations: 3, reused: 1 });
    assert.deepEqual(cost.within(cost.affine(3) / cost.dense), { evaluations: 3, reused: 0 });
  });

  it('cannot leave a block out of the only evaluation', () => {
    const cost = new PlanCost(policy);
    assert.deepEqual(cost.within((cost.affine(1) - 1) / cost.dense), { evaluations: 0, reused: 0 });
  });
});
