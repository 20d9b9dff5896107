import type { Found } from './find_candidates.js';

/** What each preset must reach, as a share of the policy's spread over noises; the fastest first. */
const SHARES = { fast: 1 / 2, balanced: 1 / 4, quality: 0.15 } as const;

/** Names of the presets that are searched for. */
export type SearchedPreset = keyof typeof SHARES;

/** The presets, the fastest first. */
export const SEARCHED_PRESETS = Object.keys(SHARES) as SearchedPreset[];

/**
 * The cheapest candidate that is exact enough for each preset; where none is, the most exact one. Candidates that
 * others beat at less cost are left out, and a slower preset takes a more exact one than a faster preset: only where
 * fewer than three are left do presets coincide.
 * @param found candidates, with different numbers of evaluations
 * @param spread of the policy's actions over noises, as a difference of two runs
 */
export function choosePresets(
  found: readonly Found[],
  spread: number,
): Record<SearchedPreset, Found> {
  const byCost = [...found].sort((a, b) => a.evaluations.length - b.evaluations.length);
  const front: Found[] = [];
  for (const one of byCost) {
    if (one.error < (front.at(-1)?.error ?? Infinity)) front.push(one);
  }
  const places: number[] = [];
  for (const name of SEARCHED_PRESETS) {
    const wanted = front.findIndex(({ error }) => error <= SHARES[name] * spread);
    const place = wanted < 0 ? front.length - 1 : wanted;
    places.push(Math.max(place, (places.at(-1) ?? -1) + 1));
  }
  // Not beyond the most exact one, and each of the others before the next.
  let most = front.length - 1;
  for (let i = places.length - 1; i >= 0; i--) {
    places[i] = Math.max(0, Math.min(places[i]!, most));
    most = places[i]! - 1;
  }
  const at = (i: number): Found => front[places[i]!]!;
  return { fast: at(0), balanced: at(1), quality: at(2) };
}
