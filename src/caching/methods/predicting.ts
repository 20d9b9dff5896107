import { BadInput } from '../../errors.js';
import type { Plan } from '../plan.js';
import type { Predict } from '../plan_fields.js';

/**
 * A plan with another predictor for all blocks.
 * @throws BadInput for a plan with an affine correction, whose reused steps need no branches
 */
export function predicting(plan: Plan, predict: Predict): Plan {
  if (plan.correction?.kind === 'affine') {
    throw new BadInput(
      'has an affine correction, so there is no branch to predict',
      'the plan to build upon',
      'build upon a plan without it',
    );
  }
  return { ...plan, blocks: plan.blocks.map((block) => ({ ...block, predict })) };
}
