import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { Candidate, PlanSearch } from './plan_search.js';
import type { SearchMemory } from './search_memory.js';
import { spreadEvaluations } from './spread_evaluations.js';

/** Most evaluations that the first search goes through the grid with. */
export const TRELLIS_LEVELS = 5;

/** How far one evaluation is moved. */
const SHIFTS = [-4, -2, -1, 1, 2, 4] as const;

/** A candidate and its error on samples that the fits did not see. */
export interface Found extends Candidate {
  readonly error: number;
  readonly heldOut: number;
}

/** What a search hears and asks while it goes on. */
export interface SearchControl {
  /** True ends the search at once with what was found. */
  readonly stopped: () => boolean;
  /** True ends the trellis, so that time is left to carry out what it found. */
  readonly trellisOver?: () => boolean;
  /** Hears of every piece of work; `best` once there is one. */
  readonly onProgress?: (best: Found | undefined) => void;
}

/** Looks for good candidates, remembering what was measured. The same seed finds the same. */
export class CandidateFinder {
  readonly #search: Pick<PlanSearch, 'trellis' | 'carryOut'>;
  readonly #memory: SearchMemory;
  readonly #steps: number;
  readonly #control: SearchControl;
  readonly #seed: number;

  constructor(
    search: Pick<PlanSearch, 'trellis' | 'carryOut'>,
    memory: SearchMemory,
    steps: number,
    seed: number,
    control: SearchControl,
  ) {
    this.#search = search;
    this.#memory = memory;
    this.#steps = steps;
    this.#seed = seed;
    this.#control = control;
  }

  /** The first candidate for a number of evaluations. */
  async first(count: number): Promise<Found | undefined> {
    const paths = await this.#paths();
    const path = paths[Math.min(count, paths.length) - 1];
    // Where the search was stopped before it found anything: evenly in the square root of what is left.
    const evaluations =
      path?.evaluations.length === count
        ? path.evaluations
        : spreadEvaluations(path?.evaluations ?? [], count, this.#steps);
    return this.measure({ evaluations, reused: [] }, true);
  }

  /**
   * Moves evaluations one at a time as long as that helps.
   * @param trials how many moves are tried
   */
  async improve(start: Found, trials: number): Promise<Found> {
    const count = start.evaluations.length;
    const random = xoroshiro128plus(this.#seed + count);
    let best = start;
    const tried = new Set<string>();
    const moves = count * SHIFTS.length;
    for (let trial = 0; trial < trials && tried.size < moves && !this.#control.stopped();) {
      const which = (random.next() >>> 0) % count;
      const shift = SHIFTS[(random.next() >>> 0) % SHIFTS.length]!;
      const key = `${which} ${shift}`;
      if (tried.has(key)) continue;
      tried.add(key);
      const evaluations = best.evaluations.with(which, best.evaluations[which]! + shift);
      if (!isPlan(evaluations, this.#steps)) continue;
      trial++;
      const found = await this.measure({ ...best, evaluations });
      if (!found || found.error >= best.error) continue;
      best = found;
      tried.clear();
    }
    return best;
  }

  /** @param needed even when the search was stopped @returns undefined when it was */
  async measure(candidate: Candidate, needed = false): Promise<Found | undefined> {
    const { evaluations, reused } = candidate;
    const known = this.#memory.get({ evaluations, reused });
    if (known) return { evaluations, reused, ...known };
    if (this.#control.stopped() && !needed) return undefined;
    const { error, heldOut } = await this.#search.carryOut({ evaluations, reused });
    this.#memory.set({ evaluations, reused }, { error, heldOut });
    const found = { evaluations, reused, error, heldOut };
    this.#control.onProgress?.(found);
    return found;
  }

  async #paths(): Promise<readonly { readonly evaluations: readonly number[] }[]> {
    if (this.#memory.paths) return this.#memory.paths;
    const paths = await this.#search.trellis(TRELLIS_LEVELS, () => {
      this.#control.onProgress?.(undefined);
      return !this.#control.stopped() && !this.#control.trellisOver?.();
    });
    // What was stopped is not whole, and searched again by whoever goes on.
    if (!this.#control.stopped()) {
      this.#memory.paths = paths.map(({ evaluations, deviation }) => ({
        evaluations: [...evaluations],
        deviation,
      }));
    }
    return paths;
  }
}

function isPlan(evaluations: readonly number[], steps: number): boolean {
  return evaluations.every((step, i) => step < steps && step > (evaluations[i - 1] ?? -1));
}
