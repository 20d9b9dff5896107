import { z } from 'zod';
import { basePlan } from './base_plan.js';
import { runsOf } from './context.js';
import { FASTCACHE_PAPER } from './fastcache.js';
import { linearMaps } from './linear_maps.js';
import { defineMethod } from './method.js';
import { updatesOfBase } from './option_fields.js';
import { predicting } from './predicting.js';

/** `linear`. */
export const linear = defineMethod({
  name: 'linear',
  summary:
    "between updates a learned linear map of its input stands in for a block: fastcache's, without the test",
  paper: FASTCACHE_PAPER,
  decisions: 'static',
  needs: ['runs'],
  options: z.strictObject({ updates: updatesOfBase }),
  async make(context, { updates }) {
    const { plan, constants } = basePlan(context, 'linear', updates);
    const { architecture, noise_scheduler: scheduler } = context.manifest;
    const fit = await linearMaps(runsOf(context, 'linear'), {
      ...architecture,
      steps: scheduler.steps,
    });
    return {
      plan: predicting(plan, { kind: 'linear' }),
      constants: new Map([...constants, ...fit.constants]),
    };
  },
});
