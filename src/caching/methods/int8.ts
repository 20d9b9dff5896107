import { z } from 'zod';
import { BadInput } from '../../errors.js';
import { blockName, blocksOf } from '../blocks.js';
import { basePlan } from './base_plan.js';
import { errorsOf } from './context.js';
import { defineMethod, type MadePlan, type MeasureError } from './method.js';
import { updatesOfBase } from './option_fields.js';

/** `int8`. */
export const int8 = defineMethod({
  name: 'int8',
  summary: 'blocks in 8-bit integers, the least important first where not all are wanted',
  paper: {
    title:
      'QuantCache: Adaptive Importance-Guided Quantization with Hierarchical Latent and Layer Caching for Video Generation',
    arxiv: '2503.06545',
  },
  decisions: 'static',
  needs: ['errors'],
  options: z.strictObject({
    updates: updatesOfBase,
    blocks: z.coerce
      .number()
      .int()
      .positive()
      .optional()
      .describe('how many blocks (default all, which needs no calibration)'),
  }),
  async make(context, { updates, blocks }) {
    const details = blocks === undefined ? {} : { int8_blocks: blocks };
    const made = basePlan(context, 'int8', updates, details);
    const names = blocksOf(context.manifest.architecture.layers).map(blockName);
    if (blocks !== undefined && blocks > names.length) {
      const what = `${blocks} is more than the policy's ${names.length} blocks`;
      throw new BadInput(what, 'blocks', `take 1 to ${names.length}`);
    }
    if (blocks === undefined || blocks === names.length) return inInt8(made, undefined);
    const importance = await importances(made, names, errorsOf(context, 'int8'));
    const chosen = new Set(
      [...names].sort((a, b) => importance[a]! - importance[b]!).slice(0, blocks),
    );
    const { plan, constants } = inInt8(
      made,
      names.filter((name) => chosen.has(name)),
    );
    return {
      plan: { ...plan, measured: { ...plan.measured, int8_errors: importance } },
      constants,
    };
  },
});

/** Per block, the error of the plan when this block alone is in 8-bit integers. */
async function importances(
  made: MadePlan,
  names: readonly string[],
  measure: MeasureError,
): Promise<Record<string, number>> {
  const errors: Record<string, number> = {};
  for (const name of names) errors[name] = await measure(inInt8(made, [name]));
  return errors;
}

function inInt8(made: MadePlan, blocks: string[] | undefined): MadePlan {
  return { ...made, plan: { ...made.plan, numerics: { kind: 'int8', ...(blocks && { blocks }) } } };
}
