import { z } from 'zod';
import { makePlan } from '../make_plan.js';
import { blocksOf } from '../blocks.js';
import type { SolverKind } from '../plan_fields.js';
import { uniformSchedule } from '../uniform_schedule.js';
import { atMostSteps, targetOf } from './context.js';
import { defineMethod, type CachingMethod } from './method.js';

/** A method that takes another solver over the policy's noise schedule, with fewer steps, cached or not. */
function otherSolver(
  name: SolverKind,
  summary: string,
  paper: NonNullable<CachingMethod['paper']>,
): CachingMethod {
  return defineMethod({
    ...{ name, summary, paper },
    decisions: 'static',
    needs: [],
    options: z.strictObject({
      steps: z.coerce.number().int().positive().default(10).describe('denoising steps'),
      updates: z.coerce
        .number()
        .int()
        .positive()
        .optional()
        .describe('S, evenly spread updates among the steps (default: every step)'),
    }),
    make(context, { steps, updates = steps }) {
      const target = targetOf(context);
      atMostSteps(steps, target.steps, 'steps');
      const schedule = uniformSchedule(steps, atMostSteps(updates, steps, 'updates'));
      const plan = makePlan(
        { ...target, steps, solver: name },
        // A plan's name fits in a file name.
        { name: name.replaceAll('+', ''), updates },
        blocksOf(target.layers).map(() => schedule),
      );
      return { plan, constants: new Map() };
    },
  });
}

/** `ddim`. */
export const ddim = otherSolver('ddim', 'fewer steps of the deterministic sampler', {
  title: 'Denoising Diffusion Implicit Models',
  arxiv: '2010.02502',
});

/** `dpm-solver++`. */
export const dpmSolver = otherSolver(
  'dpm-solver++',
  'fewer steps of the second-order multistep solver',
  {
    title: 'DPM-Solver++: Fast Solver for Guided Sampling of Diffusion Probabilistic Models',
    arxiv: '2211.01095',
  },
);
