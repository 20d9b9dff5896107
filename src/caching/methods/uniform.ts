import { z } from 'zod';
import { blocksOf } from '../blocks.js';
import { withFinalUpdate } from '../final_update.js';
import { makePlan, type PlanTarget } from '../make_plan.js';
import type { Plan } from '../plan.js';
import { uniformSchedule } from '../uniform_schedule.js';
import { atMostSteps, targetOf } from './context.js';
import { defineMethod } from './method.js';
import { finalUpdate as finalField, updatesPerBlock } from './option_fields.js';

/** Options of {@link uniformPlan}. */
export interface UniformOptions {
  /** S, 1..K. */
  readonly updates: number;
  /** Also update at step K-1; the authors' fixed-interval mode does not. Default false. */
  readonly finalUpdate?: boolean;
}

/** All blocks update together at evenly spread steps: the baseline every adaptive plan must beat. */
export function uniformPlan(
  target: PlanTarget,
  { updates, finalUpdate = false }: UniformOptions,
): Plan {
  const even = uniformSchedule(target.steps, updates);
  const schedule = finalUpdate ? withFinalUpdate(even, target.steps) : even;
  return makePlan(
    target,
    { name: 'uniform', updates, final_update: finalUpdate },
    blocksOf(target.layers).map(() => schedule),
  );
}

/** `uniform`. */
export const uniform = defineMethod({
  name: 'uniform',
  summary: 'all blocks update together at evenly spread steps; the baseline',
  decisions: 'static',
  needs: [],
  options: z.strictObject({ updates: updatesPerBlock, final: finalField(false) }),
  make(context, { updates, final }) {
    const target = targetOf(context);
    atMostSteps(updates, target.steps, '--updates');
    return { plan: uniformPlan(target, { updates, finalUpdate: final }), constants: new Map() };
  },
});
