import { cholesky, solveLowerColumns, solveUpperColumns } from '../../caching/linear_algebra.js';

/** Position, velocity and acceleration. */
const ORDER = 3;
const TERMS = 2 * ORDER;
/** Of the last target, where the path comes to rest, among those of weight 1. */
const END_WEIGHT = 1e4;
/** Below this targets are met to within a millionth of a millionth of the way between them. */
const LEAST_SMOOTHING = 1e-3;

/**
 * The integral over 0..1 of the squared jerk of the quintic with the values q = (p, v, a at 0; p, v, a at 1), as the
 * matrix Q of q' Q q, row by row.
 */
const JERK = jerkOfQuintic();

/**
 * Smooths a motion's targets: the path with continuous velocity and acceleration that is near them and has little
 * jerk. Between two knots it is a quintic; it begins in a given state and ends at rest. What is minimised is
 *
 *     sum over targets of (position - target)^2 + smoothing^6 * integral of jerk^2,
 *
 * time counted in the targets' spacing, the last target 10^4 times as strong: without ends, a low-pass filter of 6th order without delay, whose gain is one
 * half at an angular frequency of 1 / smoothing (a smoothing spline, Reinsch 1967, of the third derivative).
 *
 * The path is linear in what is given, so all of this is done once for a number of targets and a first spacing; a
 * motion then costs one product of matrices.
 */
export class SmoothingSpline {
  /** (3 count, 3 + count): from the start's p, v, a and the targets to each knot's p, v, a. */
  readonly #map: Float64Array;

  /**
   * @param count number of targets, and of knots, which lie at their times
   * @param first time from the start to the first target, in spacings
   * @param smoothing in spacings; 0: the targets are met
   */
  constructor(
    readonly count: number,
    first: number,
    smoothing: number,
  ) {
    const free = ORDER * count - 2; // the last velocity and acceleration are 0
    const inputs = ORDER + count;
    const energy = new Float64Array(free * free);
    const given = new Float64Array(free * inputs);
    const weight = Math.max(smoothing, LEAST_SMOOTHING) ** TERMS;
    for (let segment = 0; segment < count; segment++) {
      const h = segment === 0 ? first : 1;
      const scale = [1, h, h * h];
      for (let i = 0; i < TERMS; i++) {
        const row = ORDER * (segment - 1) + i; // of what is free; before 0: the start's
        if (row < 0 || row >= free) continue;
        for (let j = 0; j < TERMS; j++) {
          const column = ORDER * (segment - 1) + j;
          if (column >= free) continue;
          const term =
            (weight * JERK[i * TERMS + j]! * scale[i % ORDER]! * scale[j % ORDER]!) / h ** 5;
          if (column >= 0) energy[row * free + column]! += term;
          else given[row * inputs + (column + ORDER)]! -= term;
        }
      }
      const position = ORDER * segment;
      const nearness = segment === count - 1 ? END_WEIGHT : 1;
      energy[position * free + position]! += nearness;
      given[position * inputs + ORDER + segment]! += nearness;
    }
    const lower = cholesky(energy, free);
    const solved = solveUpperColumns(lower, free, solveLowerColumns(lower, free, given));
    this.#map = new Float64Array(ORDER * count * inputs);
    this.#map.set(solved);
  }

  /**
   * Positions, velocities and accelerations at the knots, (count, 3), time in spacings.
   * @param start position, velocity and acceleration at the start
   * @param targets (count)
   */
  knots(start: ArrayLike<number>, targets: ArrayLike<number>): Float64Array {
    const inputs = ORDER + this.count;
    const knots = new Float64Array(ORDER * this.count);
    for (let row = 0; row < knots.length; row++) {
      const at = row * inputs;
      let sum = 0;
      for (let i = 0; i < ORDER; i++) sum += this.#map[at + i]! * start[i]!;
      for (let i = 0; i < this.count; i++) sum += this.#map[at + ORDER + i]! * targets[i]!;
      knots[row] = sum;
    }
    return knots;
  }
}

/** See {@link JERK}; by Hermite's basis, whose third derivatives are quadratic. */
function jerkOfQuintic(): Float64Array {
  // Third derivatives of the basis polynomials, as coefficients of 1, u, u^2.
  const third = [
    [-60, 360, -360],
    [-36, 192, -180],
    [-9, 36, -30],
    [60, -360, 360],
    [-24, 168, -180],
    [3, -24, 30],
  ];
  const matrix = new Float64Array(TERMS * TERMS);
  for (const [i, a] of third.entries()) {
    for (const [j, b] of third.entries()) {
      for (let k = 0; k < 3; k++) {
        for (let l = 0; l < 3; l++) matrix[i * TERMS + j]! += (a[k]! * b[l]!) / (k + l + 1);
      }
    }
  }
  return matrix;
}
