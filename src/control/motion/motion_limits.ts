import type { MotionPath } from './motion_path.js';

/** Limits of the joints in the policy's order; an empty list means that there is no such limit. */
export interface MotionLimits {
  /** Lowest and highest position, rad or m. */
  readonly positionMin: readonly number[];
  readonly positionMax: readonly number[];
  /** Highest speed, per s. */
  readonly velocity: readonly number[];
  /** Highest acceleration, per s^2. */
  readonly acceleration: readonly number[];
  /** Highest jerk, per s^3. */
  readonly jerk: readonly number[];
}

/** The first limit that a path leaves. */
export interface Violation {
  readonly joint: number;
  readonly kind: 'position_min' | 'position_max' | 'velocity' | 'acceleration' | 'jerk';
  readonly value: number;
  readonly limit: number;
}

/** Values this far beyond a limit, relative to its size, are within it: what double precision loses. */
const TOLERANCE = 1e-9;

/**
 * Where a path leaves the limits, one entry for each joint and kind; none when it stays within them. A path that
 * begins beyond a limit (one that has just been changed, a robot that stands outside) may stay as far beyond it as it
 * begins, but may not go further.
 * @param discrete joints that jump between positions: only these are judged
 */
export function violations(
  path: MotionPath,
  limits: MotionLimits,
  discrete: readonly boolean[],
): Violation[] {
  const found: Violation[] = [];
  for (const [joint, start] of path.states[0]!.entries()) {
    const reached = path.extremesOf(joint);
    const [p, v, a] = start;
    const judge = (
      kind: Violation['kind'],
      value: number,
      limit: number | undefined,
      atStart: number,
    ): void => {
      if (limit === undefined) return;
      const sign = kind === 'position_min' ? -1 : 1;
      const most = Math.max(sign * limit, sign * atStart);
      // What is no number is beyond every limit.
      if (!(sign * value <= most + TOLERANCE * Math.max(1, Math.abs(most)))) {
        found.push({ joint, kind, value, limit });
      }
    };
    judge('position_min', reached.positionMin, limits.positionMin[joint], p);
    judge('position_max', reached.positionMax, limits.positionMax[joint], p);
    if (discrete[joint]) continue;
    judge('velocity', reached.velocity, limits.velocity[joint], Math.abs(v));
    judge('acceleration', reached.acceleration, limits.acceleration[joint], Math.abs(a));
    judge('jerk', reached.jerk, limits.jerk[joint], 0);
  }
  return found;
}
