import { z } from 'zod';
import { blocksOf } from '../blocks.js';
import { makePlan, type PlanTarget } from '../make_plan.js';
import type { Plan } from '../plan.js';
import { targetOf } from './context.js';
import { defineMethod } from './method.js';

/** Every block at every step: what the policy does without a cache. */
export function densePlan(target: PlanTarget): Plan {
  const everyStep = Array.from({ length: target.steps }, (_, step) => step);
  return makePlan(
    target,
    { name: 'dense' },
    blocksOf(target.layers).map(() => everyStep),
  );
}

/** `dense`. */
export const dense = defineMethod({
  name: 'dense',
  summary: 'every block at every step: no cache',
  decisions: 'static',
  needs: [],
  options: z.strictObject({}),
  make: (context) => ({ plan: densePlan(targetOf(context)), constants: new Map() }),
});
