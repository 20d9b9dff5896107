import { z } from 'zod';
import { BadInput } from '../../errors.js';
import { bubblingUnion } from '../bubbling_union.js';
import { measuredBy, type Calibration } from '../calibration.js';
import { withFinalUpdate } from '../final_update.js';
import { makePlan, type PlanTarget } from '../make_plan.js';
import type { Plan } from '../plan.js';
import { blockError } from '../step_similarity.js';
import { acsFields, acsSchedules, BAC_PAPER, type AcsOptions } from './acs.js';
import { atMostSteps, featuresOf, targetOf } from './context.js';
import { defineMethod } from './method.js';

/** Options of {@link bacPlan}. */
export interface BacOptions extends AcsOptions {
  /** n, blocks that get the bubbling union, 0..3L; the paper takes 5 in simulation, 3 on the robot. */
  readonly bubblingBlocks: number;
}

/**
 * Block-wise Adaptive Caching (arXiv 2506.13456): ACS per block, Bubbling Union for the n blocks with the
 * largest error, then, by default, the last step as an update of every block, as the authors' code has it.
 */
export function bacPlan(target: PlanTarget, calibration: Calibration, options: BacOptions): Plan {
  const { updates, metric = 'cosine', objective = 'anchor', finalUpdate = true } = options;
  const alone = acsSchedules(calibration, options);
  const united = bubblingUnion(
    calibration.blocks.map(({ block, statistics }, i) => ({
      block,
      error: blockError(statistics),
      updates: alone[i]!,
    })),
    options.bubblingBlocks,
  );
  return makePlan(
    target,
    {
      name: 'bac',
      updates,
      bubbling_blocks: options.bubblingBlocks,
      metric,
      objective,
      final_update: finalUpdate,
    },
    finalUpdate ? united.map((steps) => withFinalUpdate(steps, target.steps)) : united,
    measuredBy(calibration),
  );
}

/** `bac`. */
export const bac = defineMethod({
  name: 'bac',
  summary: 'Block-wise Adaptive Caching: acs, the Bubbling Union, and the last step',
  paper: BAC_PAPER,
  decisions: 'static',
  needs: ['features'],
  options: z.strictObject({
    ...acsFields,
    bubbling: z.coerce
      .number()
      .int()
      .nonnegative()
      .default(5)
      .describe('n, blocks that get the union'),
  }),
  make(context, { final: finalUpdate, bubbling: bubblingBlocks, ...options }) {
    const target = targetOf(context);
    const calibration = featuresOf(context, 'bac');
    atMostSteps(options.updates, target.steps, '--updates');
    if (bubblingBlocks > calibration.blocks.length) {
      throw new BadInput(
        `${bubblingBlocks} is more than the policy's ${calibration.blocks.length} blocks`,
        '--bubbling',
        `take 0 to ${calibration.blocks.length}`,
      );
    }
    const plan = bacPlan(target, calibration, { ...options, bubblingBlocks, finalUpdate });
    return { plan, constants: new Map() };
  },
});
