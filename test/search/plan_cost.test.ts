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
  const compiled = async (evaluations: readonly number[], numerics: Numerics): Promise<number> => {
    const steps = [0, ...evaluations];
    const [first, ...rest] = randomAffineRuns(policy, steps, {
      lookAhead: true,
      noiseSteps: STEPS,
    });
    const { lookAhead, ...blind } = { ...first!, clean: first!.clean.map(() => 0) };
    assert.ok(lookAhead);
    const program = denoisingProgram(policy.manifest, {
      plan: {
        ...planFor(policy, unified(3 * LAYERS, steps)),
        correction: { kind: 'affine' },
        numerics,
      },
      constants: affineConstants([blind, ...rest]),
    });
    const denoiser = await openDenoiser(policy, program, { keepGraph: false });
    await denoiser.close();
    return denoiser.multiplyAdds;
  };

  for (const numerics of [{ kind: 'fp32' }, { kind: 'int8' }] as const) {
    it(`knows what graphs cost that were not compiled, ${numerics.kind}`, async () => {
      const cost = new PlanCost(policy, numerics);
      for (const steps of [[7], [5, 9, 15]]) {
        const real = await compiled(steps, numerics);
        const expected = cost.affine(steps.length);
        // Never less, or a budget would be exceeded; the first run needs neither clean sample nor look ahead.
        assert.ok(expected >= real && expected < 1.02 * real, `${expected} ${real}`);
      }
    });

    it(`finds the most evaluations within a budget, ${numerics.kind}`, async () => {
      const cost = new PlanCost(policy, numerics);
      for (const share of [0.16, 0.21, 0.3]) {
        const most = cost.mostEvaluations(share);
        const steps = Array.from({ length: most }, (_, i) => 2 * (i + 1));
        const real = await compiled(steps, numerics);
        assert.ok(real <= 1.05 * share * cost.dense, `${share}: ${real / cost.dense}`);
        const onlyEvaluations = cost.affine(most + 1) - cost.affine(0);
        assert.ok(
          cost.affine(most + 1) > 1.05 * share * cost.dense || onlyEvaluations > share * cost.dense,
          `${share}: ${most}`,
        );
      }
    });
  }

  it('knows when there is no budget for a single evaluation, and when for all', () => {
    const cost = new PlanCost(policy);
    assert.equal(cost.mostEvaluations((0.95 * cost.affine(1)) / cost.dense), 0);
    assert.equal(cost.mostEvaluations(cost.affine(1) / cost.dense), 1);
    assert.equal(cost.mostEvaluations(2), STEPS);
  });
});
