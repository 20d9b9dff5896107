import { quantiles } from '../caching/quantiles.js';
import { pictureDistance } from './picture_reference.js';
import { driftDistance, type DriftReference } from './drift_distance.js';

/** How a run of observations compares to calibration. */
export type DriftLevel = 'ok' | 'warn' | 'drift';

/** What is told about drift. */
export interface DriftReport {
  readonly level: DriftLevel;
  /** Chunks that were looked at, and those beyond what 9 of 10 episodes in calibration stay within. */
  readonly chunks: number;
  readonly beyond: number;
  /** Of the last chunks, in units of that; null before the first. */
  readonly distance: { readonly last: number; readonly p50: number; readonly max: number } | null;
  /**
   * What was unlike calibration last: the value of the condition that was out of its range by most, an index
   * into it, or the input of a camera whose pictures have changed.
   */
  readonly outOfRange: number | string | undefined;
  /** Times that the level became `drift`. */
  readonly drifts: number;
}

/** Chunks that the level depends on. */
export const DRIFT_WINDOW = 8;
/** As many of them beyond what is usual make a level. */
const WARN = 2;
const DRIFT = 4;
/** Distances that quantiles are of. */
const KEPT = 1000;

/**
 * Watches whether a policy sees what its plan was calibrated on. A level goes up as soon as enough of the last
 * chunks are beyond the threshold, and down only when none of them is: what comes and goes is still drift.
 */
export class DriftMonitor {
  readonly #reference: DriftReference;
  readonly #recent: boolean[] = [];
  readonly #distances: number[] = [];
  #level: DriftLevel = 'ok';
  #chunks = 0;
  #beyond = 0;
  #drifts = 0;
  #last = 0;
  #outOfRange: number | string | undefined;

  constructor(reference: DriftReference) {
    this.#reference = reference;
  }

  /**
   * @param condition (To, Dc) that a chunk is made from
   * @param thumbnails of the last pictures, by the name of their input
   * @returns the level from now on
   */
  observe(
    condition: Float32Array,
    thumbnails: ReadonlyMap<string, Float32Array> = new Map(),
  ): DriftLevel {
    let { distance, outOfRange }: { distance: number; outOfRange: number | string | undefined } =
      driftDistance(this.#reference, condition);
    for (const [name, picture] of this.#reference.pictures) {
      const seen = thumbnails.get(name);
      const changed = seen ? pictureDistance(picture, seen) : 0;
      if (changed > distance) [distance, outOfRange] = [changed, name];
    }
    // What is not a number is like nothing in calibration.
    const beyond = !(distance <= 1);
    this.#last = distance;
    if (beyond) this.#outOfRange = outOfRange;
    this.#distances[this.#chunks++ % KEPT] = distance;
    if (beyond) this.#beyond++;
    this.#recent.push(beyond);
    if (this.#recent.length > DRIFT_WINDOW) this.#recent.shift();
    const count = this.#recent.filter(Boolean).length;
    const before = this.#level;
    if (count >= DRIFT) this.#level = 'drift';
    else if (count >= WARN && before === 'ok') this.#level = 'warn';
    else if (count === 0) this.#level = 'ok';
    if (this.#level === 'drift' && before !== 'drift') this.#drifts++;
    return this.#level;
  }

  get level(): DriftLevel {
    return this.#level;
  }

  report(): DriftReport {
    const finite = this.#distances.filter(Number.isFinite);
    const [p50, max] =
      finite.length > 0 ? (quantiles(finite, [0.5, 1]) as [number, number]) : [Infinity, Infinity];
    return {
      level: this.#level,
      chunks: this.#chunks,
      beyond: this.#beyond,
      distance: this.#chunks === 0 ? null : { last: this.#last, p50, max },
      outOfRange: this.#outOfRange,
      drifts: this.#drifts,
    };
  }
}
