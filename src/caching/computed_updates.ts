import type { PlanConstants } from '../policy/plan_file.js';
import { evaluationsOf, type Plan } from './plan.js';

/**
 * The plan with those updates only whose result is used. Every plan has an update at step 0; where no affine run
 * looks at what the network says of pure noise, the compiled engine leaves it out.
 */
export function asComputed(plan: Plan, constants: PlanConstants): Plan {
  if (plan.correction?.kind !== 'affine') return plan;
  const evaluations = evaluationsOf(plan);
  const isSeen = (begin: number | undefined, part: string, unknown: boolean): boolean =>
    constants.get(`affine.${begin}.${part}`)?.data.some((factor) => factor !== 0) ?? unknown;
  const used = new Set(
    evaluations.filter(
      (begin, i) =>
        isSeen(begin, 'clean', true) || isSeen(evaluations[i + 1], 'previous_clean', false),
    ),
  );
  return {
    ...plan,
    blocks: plan.blocks.map((block) => ({
      ...block,
      updates: block.updates.filter((step) => used.has(step)),
    })),
  };
}
