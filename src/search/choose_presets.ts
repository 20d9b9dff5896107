import type { Found } from './find_candidates.js';

/** What each preset must reach, as a share of the policy's spread over noises; the most exact first. */
const SHARES = { quality: 1 / 3, balanced: 1 / 2, fast: 0.7 } as const;

/** Names of the presets that are searched for. */
export type SearchedPreset = keyof typeof SHARES;

/**
 * The cheapest candidate for each preset; where none is exact enough, the most exact one. A preset never costs
 * less than a faster one.
 * @param found candidates, with different numbers of evaluations
 * @param spread of the policy's actions over noises, as a difference of two runs
 */
export function choosePresets(
  found: readonly Found[],
  spread: number,
): Record<SearchedPreset, Found> {
  const byCost = [...found].sort((a, b) => a.evaluations.length - b.evaluations.length);
  const mostExact = byCost.reduce((a, b) => (b.error < a.error ? b : a));
  const choose = (share: number): Found =>
    byCost.find(({ error }) => error <= share * spread) ?? mostExact;
  return {
    quality: choose(SHARES.quality),
    balanced: choose(SHARES.balanced),
    fast: choose(SHARES.fast),
  };
}
