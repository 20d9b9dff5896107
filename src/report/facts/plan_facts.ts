import { blockIndex, blockName } from '../../caching/blocks.js';
import { asComputed } from '../../caching/computed_updates.js';
import { evaluationsOf, updateShare } from '../../caching/plan.js';
import type { PlanFile } from '../../policy/plan_file.js';
import type { PlanFacts } from './report_facts.js';

/** What a plan does, in the form that reports hold. */
export function planFacts({ plan, sha256, constants }: PlanFile, file: string | null): PlanFacts {
  const { numerics, correction, decision } = plan;
  const computed = asComputed(plan, constants);
  const blocks = [...computed.blocks].sort((a, b) => blockIndex(a) - blockIndex(b));
  return {
    file,
    sha256,
    method: plan.method,
    steps: plan.steps,
    solver: plan.solver.kind,
    numerics: numerics.kind,
    correction: correction?.kind ?? null,
    decision: decision?.kind ?? null,
    evaluations: evaluationsOf(computed),
    blocks: blocks.map((block) => ({
      layer: block.layer,
      kind: block.kind,
      updates: block.updates,
      predict: block.predict.kind,
      int8:
        numerics.kind === 'int8' &&
        (numerics.blocks === undefined || numerics.blocks.includes(blockName(block))),
    })),
    block_update_share: updateShare(computed),
  };
}
