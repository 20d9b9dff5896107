import { z } from 'zod';
import { floatTensor } from '../../policy/safetensors.js';
import { blocksOf } from '../blocks.js';
import { makePlan } from '../make_plan.js';
import { FASTCACHE_VARIANCE } from '../strategies/strategy_of.js';
import { runsOf, targetOf } from './context.js';
import { linearMaps } from './linear_maps.js';
import { defineMethod } from './method.js';
import { predicting } from './predicting.js';

/** The paper of `fastcache` and `linear`. */
export const FASTCACHE_PAPER = {
  title: 'FastCache: Fast Caching for Diffusion Transformer Through Learnable Linear Approximation',
  arxiv: '2505.20353',
} as const;

/** `fastcache`. */
export const fastcache = defineMethod({
  name: 'fastcache',
  summary:
    'a statistical test on the change of its input decides on every block; a learned linear map replaces the others',
  paper: FASTCACHE_PAPER,
  decisions: 'online',
  needs: ['runs'],
  options: z.strictObject({
    significance: z.coerce
      .number()
      .gt(0)
      .lt(1)
      .default(0.05)
      .describe('level of the chi-square test'),
    tolerance: z.coerce
      .number()
      .positive()
      .default(0.3)
      .describe("standard deviation that counts as no change, relative to the input's size"),
  }),
  async make(context, { significance, tolerance }) {
    const target = targetOf(context);
    const { architecture } = context.manifest;
    const fit = await linearMaps(runsOf(context, 'fastcache'), {
      ...architecture,
      steps: target.steps,
    });
    const variances = fit.meanSquares.map((square) => square * tolerance ** 2);
    const plan = makePlan(
      target,
      { name: 'fastcache', significance, tolerance },
      blocksOf(target.layers).map(() => [0]),
    );
    return {
      plan: {
        ...predicting(plan, { kind: 'linear' }),
        decision: { kind: 'fastcache', significance },
      },
      constants: new Map([
        ...fit.constants,
        [FASTCACHE_VARIANCE, floatTensor([variances.length], Float32Array.from(variances))],
      ]),
    };
  },
});
