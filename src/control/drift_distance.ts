import type { PictureReference } from './picture_reference.js';
import { whiten } from './whitening.js';

/** What live observations are held against: the conditions that a plan was calibrated on. */
export interface DriftReference {
  /** To * Dc, values of a condition. */
  readonly width: number;
  /** (width, width), lower triangular; see `whitening`. */
  readonly whitening: Float32Array;
  /** (m, width) whitened conditions of calibration. */
  readonly points: Float32Array;
  /** (width) range of each value in calibration, and by how much another episode may well leave it. */
  readonly low: Float32Array;
  readonly high: Float32Array;
  readonly span: Float32Array;
  /**
   * Of the distance to the nearest point, of the largest excess over the ranges, and of the larger of the two
   * ratios to these: what 9 of 10 episodes that the reference was made without stay within all along.
   */
  readonly thresholds: Float32Array;
  /** Of cameras, by the name of their input; not of all where a plan was calibrated without pictures. */
  readonly pictures: ReadonlyMap<string, PictureReference>;
}

/** How unlike calibration a condition is. */
export interface DriftDistance {
  /** In units of what 9 of 10 episodes in calibration stay within all along. */
  readonly distance: number;
  /** The value that is furthest out of its range, an index into the condition; undefined when none is. */
  readonly outOfRange: number | undefined;
}

/**
 * The distance of a condition from those of calibration, about width^2 + m * width operations.
 *
 * Two things are looked at, for each sees what the other misses (docs/ros.md has figures): whether each
 * value is in its range, which tells another object's place or a sensor that is set up differently, and how far
 * the nearest condition of calibration is, which tells values that do not belong together.
 */
export function driftDistance(reference: DriftReference, condition: Float32Array): DriftDistance {
  const [nearest, excess, both] = reference.thresholds as unknown as [number, number, number];
  const range = rangeExcess(reference, condition);
  const near = nearestPoint(reference, whiten(reference.whitening, condition, reference.width));
  return {
    distance: Math.max(near / nearest, range.excess / excess) / both,
    outOfRange: range.at,
  };
}

/** Distance of a whitened condition to the nearest point. @param skip points that do not count */
export function nearestPoint(
  { points, width }: Pick<DriftReference, 'points' | 'width'>,
  whitened: Float64Array,
  skip: (point: number) => boolean = () => false,
): number {
  let least = Infinity;
  for (let p = 0; p * width < points.length; p++) {
    if (skip(p)) continue;
    let sum = 0;
    for (let i = 0, at = p * width; i < width && sum < least; i++) {
      sum += (points[at + i]! - whitened[i]!) ** 2;
    }
    if (sum < least) least = sum;
  }
  return Math.sqrt(least);
}

/** By how much a condition leaves the ranges, and which of its values does most. */
export function rangeExcess(
  { low, high, span }: Pick<DriftReference, 'low' | 'high' | 'span'>,
  condition: Float32Array,
): { excess: number; at: number | undefined } {
  let [excess, worst]: [number, number | undefined] = [0, undefined];
  for (const [i, value] of condition.entries()) {
    const beyond = Math.max(low[i]! - value, value - high[i]!) / span[i]!;
    if (beyond > excess) [excess, worst] = [beyond, i];
  }
  return { excess, at: worst };
}
