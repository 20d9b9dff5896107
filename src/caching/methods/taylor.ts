import { z } from 'zod';
import { basePlan } from './base_plan.js';
import { defineMethod } from './method.js';
import { updatesOfBase } from './option_fields.js';
import { predicting } from './predicting.js';

/** `taylor`. */
export const taylor = defineMethod({
  name: 'taylor',
  summary: 'branches between updates follow the polynomial through the last updates',
  paper: {
    title: 'From Reusing to Forecasting: Accelerating Diffusion Models with TaylorSeers',
    arxiv: '2503.06923',
  },
  decisions: 'static',
  needs: [],
  options: z.strictObject({
    updates: updatesOfBase,
    order: z.coerce
      .number()
      .int()
      .min(1)
      .max(3)
      .default(2)
      .describe('degree of the polynomial, 1 to 3'),
  }),
  make(context, { updates, order }) {
    const { plan, constants } = basePlan(context, 'taylor', updates, { order });
    return { plan: predicting(plan, { kind: 'taylor', order }), constants };
  },
});
