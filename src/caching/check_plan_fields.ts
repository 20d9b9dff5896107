import { BadInput } from '../errors.js';
import type { Architecture } from '../policy/manifest.js';
import { blockName, blocksOf } from './blocks.js';
import type { Plan } from './plan.js';

/**
 * Checks what a plan names of a policy beside its blocks' schedules: tokens, memory tokens, blocks in int8.
 * @throws BadInput naming the field and what there is instead
 */
export function checkPlanFields(
  { blocks, memory, numerics }: Pick<Plan, 'blocks' | 'memory' | 'numerics'>,
  {
    layers,
    horizon,
    n_obs_steps: window,
  }: Pick<Architecture, 'layers' | 'horizon' | 'n_obs_steps'>,
  where: string,
): void {
  const refuse = (what: string): never => {
    throw new BadInput(what, where, 'make a plan for this policy with bac-policy plan');
  };
  for (const block of blocks) {
    const token = block.tokens?.flat().find((index) => index !== null && index >= horizon);
    if (token != null) {
      refuse(`names action token ${token} for ${blockName(block)}, the last is ${horizon - 1}`);
    }
  }
  if (memory && !memory.keep.includes(0)) {
    refuse(
      'evicts the time token (memory.keep is without 0): some action tokens would see nothing',
    );
  }
  const kept = memory?.keep.find((index) => index > window);
  if (kept !== undefined) refuse(`keeps memory token ${kept}, the last is ${window}`);
  if (numerics.kind !== 'int8') return;
  const names = new Set(blocksOf(layers).map(blockName));
  const unknown = numerics.blocks?.find((name) => !names.has(name));
  if (unknown) refuse(`computes block ${unknown} in int8, which the policy does not have`);
}
