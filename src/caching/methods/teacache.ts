import { z } from 'zod';
import { blocksOf } from '../blocks.js';
import { withFinalUpdate } from '../final_update.js';
import { makePlan } from '../make_plan.js';
import { fitTeaCachePolynomial } from '../strategies/teacache_polynomial.js';
import { runsOf, targetOf } from './context.js';
import { defineMethod } from './method.js';
import { oncePerRun } from './once_per_run.js';

const polynomial = oncePerRun(fitTeaCachePolynomial);

/** `teacache`. */
export const teacache = defineMethod({
  name: 'teacache',
  summary:
    "all blocks are computed when the summed-up change of the first block's input reaches a threshold",
  paper: {
    title: "Timestep Embedding Tells: It's Time to Cache for Video Diffusion Model",
    arxiv: '2411.19108',
  },
  decisions: 'online',
  needs: ['runs'],
  options: z.strictObject({
    threshold: z.coerce
      .number()
      .positive()
      .default(2)
      .describe(
        "summed change of the network's output, relative to its size, up to which it is reused",
      ),
  }),
  async make(context, { threshold }) {
    const target = targetOf(context);
    const coefficients = await polynomial(runsOf(context, 'teacache'));
    // First and last step are always computed, as the authors' code does.
    const ends = withFinalUpdate([0], target.steps);
    const plan = makePlan(
      target,
      { name: 'teacache', threshold },
      blocksOf(target.layers).map(() => ends),
    );
    return {
      plan: { ...plan, decision: { kind: 'teacache', threshold, coefficients } },
      constants: new Map(),
    };
  },
});
