import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { noiseLeft } from '../caching/look_ahead.js';
import type { DenoisingStep } from '../policy/noise_schedule.js';
import type { Candidate, Errors, PlanSearch } from './plan_search.js';
import type { SearchMemory } from './search_memory.js';
import { spreadEvaluations } from './spread_evaluations.js';

/** How far one evaluation is moved, in hundredths of the steps. */
const SHIFTS = [-10, -5, -2, -1, 1, 2, 5, 10] as const;
/** How much stronger one evaluation looks ahead. */
const LOOKS = [-0.2, 0.2] as const;
/** Strongest look ahead. */
const FARTHEST = 1;
/** Up to so many evaluations what moves gained is checked on all runs; beyond that it takes minutes. */
const CHECKED = 8;
/** So few evaluations are spread less densely at the end, and fewer look at late noise more. */
const FEW = 4;
/** How weights of noise that is looked ahead at fall for later noise: what few and what many evaluations begin with. */
const FALLS = { slow: 0.5, fast: 2 } as const;

/** A candidate and its errors as far as it was tried out. */
export interface Found extends Candidate, Errors {}

/** What a search hears and asks while it goes on. */
export interface SearchControl {
  /** True ends the search with what was found. */
  readonly stopped: () => boolean;
  /** True if somebody waits for it, who cannot wait until what was found is checked. */
  readonly interrupted?: () => boolean;
  /** Hears of every piece of work; `best` once there is one. */
  readonly onProgress?: (best: Found | undefined) => void;
}

/** Looks for good candidates, remembering what was measured. The same seed finds the same. */
export class CandidateFinder {
  readonly #search: Pick<PlanSearch, 'tryOut' | 'carryOut'>;
  readonly #memory: SearchMemory;
  readonly #steps: readonly DenoisingStep[];
  readonly #control: SearchControl;
  readonly #seed: number;

  /** @param steps of the policy */
  constructor(
    search: Pick<PlanSearch, 'tryOut' | 'carryOut'>,
    memory: SearchMemory,
    steps: readonly DenoisingStep[],
    seed: number,
    control: SearchControl,
  ) {
    this.#search = search;
    this.#memory = memory;
    this.#steps = steps;
    this.#seed = seed;
    this.#control = control;
  }

  /**
   * The best of two ways to spread a number of evaluations (the more there are, the denser at the end) and of two ways
   * to look ahead.
   */
  async first(count: number): Promise<Found> {
    const [dense, denser] = count <= FEW ? [2.5, 3] : [3, 3.5];
    const [fall, other] = count < FEW ? [FALLS.slow, FALLS.fast] : [FALLS.fast, FALLS.slow];
    const start = await this.measure(this.#candidate(count, dense!, fall!), true);
    const best = await this.#better(start!, this.#candidate(count, denser!, fall!));
    return this.#better(best, { ...best, fall: other! });
  }

  async #better(best: Found, candidate: Candidate): Promise<Found> {
    const found = await this.measure(candidate);
    return found && found.error < best.error ? found : best;
  }

  /**
   * Moves evaluations one at a time, and changes how far they look ahead, as long as that helps. What a part of the
   * runs says is checked on all of them, unless there are many.
   * @param trials how many changes are tried
   */
  async improve(start: Found, trials: number): Promise<Found> {
    const moved = await this.#moved(start, trials);
    const isMany = start.evaluations.length > CHECKED;
    if (moved === start || isMany || this.#control.interrupted?.()) return moved;
    const [from, to] = [await this.#search.carryOut(start), await this.#search.carryOut(moved)];
    return to.error < from.error ? moved : start;
  }

  async #moved(start: Found, trials: number): Promise<Found> {
    const count = start.evaluations.length;
    const random = xoroshiro128plus(this.#seed + count);
    const drawn = (below: number): number => (random.next() >>> 0) % below;
    let best = start;
    const tried = new Set<string>();
    const changes = SHIFTS.length + LOOKS.length;
    for (let trial = 0; trial < trials && !this.#control.stopped();) {
      if (tried.size >= count * changes) break;
      const [which, change] = [drawn(count), drawn(changes)];
      const key = `${which} ${change}`;
      if (tried.has(key)) continue;
      tried.add(key);
      const candidate = this.#changed(best, which, change);
      if (!candidate) continue;
      trial++;
      const found = await this.measure(candidate);
      if (!found || found.error >= best.error) continue;
      best = found;
      tried.clear();
    }
    return best;
  }

  /** @param needed even when the search was stopped @returns undefined when it was */
  async measure(candidate: Candidate, needed = false): Promise<Found | undefined> {
    const { evaluations, lookAhead, fall } = candidate;
    const known = this.#memory.get(candidate);
    if (known) return { evaluations, lookAhead, fall, ...known };
    if (this.#control.stopped() && !needed) return undefined;
    const errors = await this.#search.tryOut(candidate);
    this.#memory.set(candidate, errors);
    const found = { evaluations, lookAhead, fall, ...errors };
    this.#control.onProgress?.(found);
    return found;
  }

  /** Looks ahead the farther, the more of the noise a run takes away. */
  #candidate(count: number, density: number, fall: number): Candidate {
    const evaluations = spreadEvaluations(count, this.#steps.length, density);
    const lookAhead = evaluations.map((begin, i) => {
      const end = evaluations[i + 1] ?? this.#steps.length;
      if (end - begin === 1) return 0;
      return Math.min(0.8, round(1.2 * (1 - noiseLeft(this.#steps, begin, end))));
    });
    return { evaluations, lookAhead, fall };
  }

  #changed(
    { evaluations, lookAhead, fall }: Candidate,
    which: number,
    change: number,
  ): Candidate | undefined {
    const shift = SHIFTS[change];
    if (shift === undefined) {
      const strength = round(lookAhead[which]! + LOOKS[change - SHIFTS.length]!);
      // A single step adds no noise that could be looked ahead at.
      const end = evaluations[which + 1] ?? this.#steps.length;
      const isPossible = strength >= 0 && strength <= FARTHEST && end - evaluations[which]! > 1;
      return isPossible
        ? { evaluations, lookAhead: lookAhead.with(which, strength), fall }
        : undefined;
    }
    const all = this.#steps.length;
    const distance = Math.sign(shift) * Math.max(1, Math.round((Math.abs(shift) * all) / 100));
    const moved = evaluations.with(which, evaluations[which]! + distance);
    const isPlan = moved.every((step, i) => step < all && step > (moved[i - 1] ?? -1));
    return isPlan ? { evaluations: moved, lookAhead, fall } : undefined;
  }
}

function round(value: number): number {
  return Math.round(100 * value) / 100;
}
