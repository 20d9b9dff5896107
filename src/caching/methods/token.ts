import { z } from 'zod';
import { blockIndex } from '../blocks.js';
import { schedulesOf } from '../plan.js';
import { chooseTokens } from '../strategies/token_choice.js';
import { basePlan } from './base_plan.js';
import { runsOf } from './context.js';
import { defineMethod } from './method.js';
import { updatesOfBase } from './option_fields.js';

/** `token`. */
export const token = defineMethod({
  name: 'token',
  summary: 'an update computes only the action tokens that moved furthest since they were computed',
  paper: { title: 'Token Caching for Diffusion Transformer Acceleration', arxiv: '2409.18523' },
  decisions: 'static',
  needs: ['runs'],
  options: z.strictObject({
    updates: updatesOfBase,
    share: z.coerce
      .number()
      .positive()
      .max(1)
      .default(0.5)
      .describe('of the action tokens that an update computes; the first computes all'),
  }),
  async make(context, { updates, share }) {
    const { plan, constants } = basePlan(context, 'token', updates, { share });
    const { horizon } = context.manifest.architecture;
    const run = runsOf(context, 'token');
    const chosen = await chooseTokens(run, schedulesOf(plan), horizon, share);
    const blocks = plan.blocks.map((block) => ({ ...block, tokens: chosen[blockIndex(block)]! }));
    return { plan: { ...plan, blocks }, constants };
  },
});
