import { PRESETS, type Preset } from '../policy/presets.js';

/** Which plan is to make the chunks; an empty plan leaves it to the preset. */
export type PlanChoice = { readonly plan: string } | { readonly plan: ''; readonly preset: Preset };

/** @param named a preset, or the path of a plan file, which may be empty */
export function planChoice(named: string): PlanChoice {
  const preset = PRESETS.find((known) => known === named);
  return preset === undefined ? { plan: named } : { plan: '', preset };
}
