import { z } from 'zod';
import { blocksOf } from '../blocks.js';
import { makePlan } from '../make_plan.js';
import { targetOf } from './context.js';
import { defineMethod } from './method.js';
import { predicting } from './predicting.js';

/** `sortblock`. */
export const sortblock = defineMethod({
  name: 'sortblock',
  summary:
    'blocks are ranked by how their residuals turn; the top share is computed, the rest extrapolated',
  paper: {
    title: 'Sortblock: Similarity-Aware Feature Reuse for Diffusion Model',
    arxiv: '2508.00412',
  },
  decisions: 'online',
  needs: [],
  options: z.strictObject({
    share: z.coerce
      .number()
      .positive()
      .max(1)
      .default(0.1)
      .describe('of the blocks, computed between two full steps'),
    interval: z.coerce
      .number()
      .int()
      .positive()
      .default(10)
      .describe('steps from one full step, which ranks the blocks, to the next'),
  }),
  make(context, { share, interval }) {
    const target = targetOf(context);
    const plan = makePlan(
      target,
      { name: 'sortblock', share, interval },
      blocksOf(target.layers).map(() => [0]),
    );
    return {
      plan: {
        ...predicting(plan, { kind: 'taylor', order: 1 }),
        decision: { kind: 'sortblock', share, interval },
      },
      constants: new Map(),
    };
  },
});
