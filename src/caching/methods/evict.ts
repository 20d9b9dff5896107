import { z } from 'zod';
import { BadInput } from '../../errors.js';
import { chooseMemory } from '../strategies/memory_choice.js';
import { basePlan } from './base_plan.js';
import { atMostSteps, runsOf } from './context.js';
import { defineMethod } from './method.js';
import { oncePerRun } from './once_per_run.js';
import { updatesOfBase } from './option_fields.js';

const chosenMemory = oncePerRun(chooseMemory);

/** `evict`. */
export const evict = defineMethod({
  name: 'evict',
  summary: 'after the first steps only the memory tokens that were looked at most are seen',
  paper: {
    title: 'Sparse-dLLM: Accelerating Diffusion LLMs with Dynamic Cache Eviction',
    arxiv: '2508.02558',
  },
  decisions: 'static',
  needs: ['runs'],
  options: z.strictObject({
    updates: updatesOfBase,
    keep: z.coerce
      .number()
      .int()
      .positive()
      .default(2)
      .describe('memory tokens that stay, the time token included'),
    from: z.coerce
      .number()
      .int()
      .positive()
      .default(10)
      .describe('first step without the others; the steps before say which'),
  }),
  async make(context, { updates, keep, from }) {
    const made = basePlan(context, 'evict', updates, { keep, from });
    const tokens = 1 + context.manifest.architecture.n_obs_steps;
    if (keep > tokens) {
      const what = `${keep} is more than the policy's ${tokens} memory tokens`;
      throw new BadInput(what, 'keep', `take 1 to ${tokens}`);
    }
    atMostSteps(from, made.plan.steps, 'from');
    const kept = await chosenMemory(runsOf(context, 'evict'), keep, from);
    return {
      ...made,
      plan: { ...made.plan, memory: { kind: 'evict', from_step: from, keep: kept } },
    };
  },
});
