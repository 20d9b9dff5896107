import { choosePresets, SEARCHED_PRESETS, type SearchedPreset } from './choose_presets.js';
import type { CandidateFinder, Found } from './find_candidates.js';

/** Numbers of evaluations that the curve is made of. */
const COUNTS = [1, 2, 3, 5, 8, 12];
/** The curve goes so far even when time is over: one without a good plan is of no use. */
const LEAST_COUNTS = 5;
/** Moves that are tried for each preset. */
const TRIALS = 40;

/**
 * Finds a candidate for each of some numbers of evaluations, and improves those that become presets: what is
 * improved may change what the others have to be.
 * @param about `spread` of the policy's actions over noises, as a difference of two runs
 */
export async function findPresets(
  finder: Pick<CandidateFinder, 'first' | 'improve'>,
  about: { readonly steps: number; readonly spread: number; readonly stopped: () => boolean },
): Promise<{ readonly curve: Found[]; readonly chosen: Record<SearchedPreset, Found> }> {
  const { steps, spread, stopped } = about;
  const byCount = new Map<number, Found>();
  for (const count of COUNTS.filter((value) => value <= steps)) {
    if (stopped() && byCount.size >= LEAST_COUNTS) break;
    byCount.set(count, await finder.first(count));
  }
  const improved = new Set<number>();
  for (;;) {
    const chosen = choosePresets([...byCount.values()], spread);
    const next = SEARCHED_PRESETS.map((name) => chosen[name]).find(
      ({ evaluations }) => !improved.has(evaluations.length),
    );
    if (!next) return { curve: [...byCount.values()], chosen };
    const count = next.evaluations.length;
    improved.add(count);
    byCount.set(count, await finder.improve(next, TRIALS));
  }
}
