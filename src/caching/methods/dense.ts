import { blocksOf } from '../blocks.js';
import { makePlan, type PlanTarget } from '../make_plan.js';
import type { Plan } from '../plan.js';

/** Every block at every step: what the policy does without a cache. */
export function densePlan(target: PlanTarget): Plan {
  const everyStep = Array.from({ length: target.steps }, (_, step) => step);
  return makePlan(
    target,
    { name: 'dense' },
    blocksOf(target.layers).map(() => everyStep),
  );
}
