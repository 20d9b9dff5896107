import { z } from 'zod';
import { basePlan } from './base_plan.js';
import { defineMethod } from './method.js';
import { updatesOfBase } from './option_fields.js';
import { predicting } from './predicting.js';

/** `adams-bashforth`. */
export const adamsBashforth = defineMethod({
  name: 'adams-bashforth',
  summary: 'branches between updates are forecast to second order from the last two updates',
  paper: {
    title:
      'AB-Cache: Training-Free Acceleration of Diffusion Models via Adams-Bashforth Cached Feature Reuse',
    arxiv: '2504.10540',
  },
  decisions: 'static',
  needs: [],
  options: z.strictObject({ updates: updatesOfBase }),
  make(context, { updates }) {
    const { plan, constants } = basePlan(context, 'adams-bashforth', updates);
    return { plan: predicting(plan, { kind: 'adams-bashforth' }), constants };
  },
});
