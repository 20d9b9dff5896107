import { z } from 'zod';
import { fitNoiseScale } from '../strategies/noise_scale_fit.js';
import { basePlan } from './base_plan.js';
import { runsOf } from './context.js';
import { BadInput } from '../../errors.js';
import { defineMethod } from './method.js';
import { updatesOfBase } from './option_fields.js';

/** `exposure-bias`. */
export const exposureBias = defineMethod({
  name: 'exposure-bias',
  summary: "a factor per step gives the cached policy's output the dense one's norm",
  paper: {
    title: 'Exposure Bias Reduction for Enhancing Diffusion Transformer Feature Caching',
    arxiv: '2503.07120',
  },
  decisions: 'static',
  needs: ['runs'],
  options: z.strictObject({ updates: updatesOfBase }),
  async make(context, { updates }) {
    const made = basePlan(context, 'exposure-bias', updates);
    if (made.plan.correction) {
      throw new BadInput(
        `has the correction ${made.plan.correction.kind} already`,
        'the plan to build upon',
        'build upon a plan without a correction',
      );
    }
    const factors = await fitNoiseScale(runsOf(context, 'exposure-bias'), made);
    return { ...made, plan: { ...made.plan, correction: { kind: 'noise-scale', factors } } };
  },
});
