import { rmsDifference } from '../caching/rms_difference.js';

/** When {@link ChunkReuse} gives an earlier chunk again. */
export interface ChunkReuseOptions {
  /** RMS difference of two conditions up to which the policy is taken to do the same, see {@link reuseDistance}. */
  readonly distance: number;
  /** RMSE of two chunks' actions up to which they are the same, physical units. */
  readonly tolerance: number;
  /** Reuses in a row at most, however well they proved. */
  readonly longest: number;
}

/** What {@link ChunkReuse} did so far. */
export interface ChunkReuseCounts {
  readonly reused: number;
  readonly computed: number;
  /** Computed although an earlier chunk would have been given, to see whether it is still right. */
  readonly refreshed: number;
  /** Refreshes that found it wrong. */
  readonly refuted: number;
}

/**
 * Approximate-key caching of chunks with error-controlled refresh (arXiv 2112.06671): while the condition stays
 * near that of the chunk computed last, this chunk is given again. It is given as it was computed, its first
 * action for the new control tick, because it is the policy's answer to (nearly) the present observation; to go
 * on with what is left of it would be to assume a motion that the observation says did not happen.
 *
 * Reuses earn trust: after as many in a row as are trusted, the chunk is computed anew and compared. If it is the
 * same up to the tolerance, twice as many are trusted; else one, and only at half the distance, which then grows
 * back with every refresh that agrees. The first chunks of an episode are computed (`reset`). The error that is
 * let through between two refreshes is not bounded by anything but the calibration.
 */
export class ChunkReuse {
  readonly #options: ChunkReuseOptions;
  #key: Float32Array | undefined;
  #actions: Float32Array = new Float32Array();
  #distance: number;
  /** Reuses in a row until the next refresh. */
  #trusted = 1;
  #inARow = 0;
  #counts = { reused: 0, computed: 0, refreshed: 0, refuted: 0 };

  constructor(options: ChunkReuseOptions) {
    this.#options = options;
    this.#distance = options.distance;
  }

  get counts(): ChunkReuseCounts {
    return { ...this.#counts };
  }

  /**
   * The actions to execute again for a condition (To, Dc), or undefined: they have to be computed, and `computed`
   * has to hear of them.
   * @returns (Ta, A), not to be changed
   */
  lookup(condition: Float32Array): Float32Array | undefined {
    if (!this.#isNear(condition) || this.#inARow >= this.#trusted) return undefined;
    this.#inARow++;
    this.#counts.reused++;
    return this.#actions;
  }

  /** Takes what was computed for a condition. @param actions (Ta, A), physical units */
  computed(condition: Float32Array, actions: Float32Array): void {
    this.#counts.computed++;
    if (this.#isNear(condition)) this.#refresh(actions);
    this.#key = condition.slice();
    this.#actions = actions.slice();
    this.#inARow = 0;
  }

  /** Forgets the chunk, not the trust: a new episode begins. */
  reset(): void {
    this.#key = undefined;
    this.#inARow = 0;
  }

  #isNear(condition: Float32Array): boolean {
    return this.#key !== undefined && rmsDifference(condition, this.#key) <= this.#distance;
  }

  #refresh(actions: Float32Array): void {
    this.#counts.refreshed++;
    const { distance, tolerance, longest } = this.#options;
    if (rmsDifference(actions, this.#actions) <= tolerance) {
      this.#trusted = Math.min(longest, 2 * this.#trusted);
      this.#distance = Math.min(distance, 1.25 * this.#distance);
    } else {
      this.#counts.refuted++;
      this.#trusted = 1;
      this.#distance /= 2;
    }
  }
}

/** Two observations of the same episode, and what the policy does for each with the same noise. */
export interface ReusePair {
  /** RMS difference of their conditions. */
  readonly distance: number;
  /** RMSE of their executed actions, physical units. */
  readonly error: number;
}

/**
 * The largest distance at which chunks may be given again: of the pairs up to it, at least the share `sure` differ
 * by no more than the tolerance.
 * @returns 0 where there is none: nothing but the same condition is near then
 */
export function reuseDistance(pairs: readonly ReusePair[], tolerance: number, sure = 0.95): number {
  const sorted = [...pairs].sort((a, b) => a.distance - b.distance);
  let good = 0;
  let largest = 0;
  for (const [i, { distance, error }] of sorted.entries()) {
    if (error <= tolerance) good++;
    // Pairs at the same distance count together.
    if (sorted[i + 1]?.distance !== distance && good >= sure * (i + 1)) largest = distance;
  }
  return largest;
}
