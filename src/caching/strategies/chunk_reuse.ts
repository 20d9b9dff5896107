import { rmsDifference } from '../rms_difference.js';

/** When {@link ChunkReuse} gives an earlier chunk again. */
export interface ChunkReuseOptions {
  /** RMS difference of two conditions up to which the policy is taken to do the same. */
  readonly distance: number;
  /** RMSE of two chunks' actions up to which they are the same, physical units. */
  readonly tolerance: number;
  /** Reuses in a row at most, however well they proved. */
  readonly longest: number;
}

/**
 * Approximate-key caching of chunks with error-controlled refresh (arXiv 2112.06671): while the condition stays
 * near that of the chunk computed last, this chunk is given again, from its first action on: it is the policy's
 * answer to (nearly) the present observation.
 *
 * Reuses earn trust: after as many in a row as are trusted, the chunk is computed anew and compared. If it is the
 * same up to the tolerance, twice as many are trusted; else one, and only at half the distance, which then grows
 * back with every refresh that agrees.
 */
export class ChunkReuse {
  readonly #options: ChunkReuseOptions;
  #key: Float32Array | undefined;
  #actions: Float32Array = new Float32Array();
  #distance: number;
  /** Reuses in a row until the next refresh. */
  #trusted = 1;
  #inARow = 0;

  constructor(options: ChunkReuseOptions) {
    this.#options = options;
    this.#distance = options.distance;
  }

  /**
   * Whether the chunk computed last is given again for a condition (To, Dc). If not, it has to be computed, and
   * {@link computed} has to hear of it.
   */
  reuses(condition: Float32Array): boolean {
    if (!this.#isNear(condition) || this.#inARow >= this.#trusted) return false;
    this.#inARow++;
    return true;
  }

  /** Takes what was computed for a condition. @param actions (Ta, A), physical units */
  computed(condition: Float32Array, actions: Float32Array): void {
    if (this.#isNear(condition)) this.#refresh(actions);
    this.#key = condition;
    this.#actions = actions;
    this.#inARow = 0;
  }

  #isNear(condition: Float32Array): boolean {
    return this.#key !== undefined && rmsDifference(condition, this.#key) <= this.#distance;
  }

  #refresh(actions: Float32Array): void {
    const { distance, tolerance, longest } = this.#options;
    if (rmsDifference(actions, this.#actions) <= tolerance) {
      this.#trusted = Math.min(longest, 2 * this.#trusted);
      this.#distance = Math.min(distance, 1.25 * this.#distance);
    } else {
      this.#trusted = 1;
      this.#distance /= 2;
    }
  }
}
