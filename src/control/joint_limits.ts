import { nanoseconds, type JointTrajectory } from './ros_messages.js';

/** Limits of the joints in the policy's order; an empty list means that there is no such limit. */
export interface JointLimits {
  /** Lowest and highest position, rad or m. */
  readonly positionMin: readonly number[];
  readonly positionMax: readonly number[];
  /** Highest speed, rad/s or m/s. */
  readonly velocity: readonly number[];
}

/** Positions and speeds this far beyond a limit are within it: rounding of 32-bit floats. */
const RELATIVE_TOLERANCE = 1e-5;

/**
 * Why a trajectory leaves the limits of the joints; undefined when it stays within them. The speed between two
 * points is the mean one; a velocity that a point states counts as well.
 * @param start joint positions from which the motion begins, (A); undefined when they are not known, then the
 *   speed towards the first point is not judged
 */
export function objectionToLimits(
  { joint_names: names, points }: JointTrajectory,
  limits: JointLimits,
  start: readonly number[] | undefined,
): string | undefined {
  let before = start;
  let beforeNs = 0n;
  for (const [j, { positions, velocities, time_from_start: time }] of points.entries()) {
    const seconds = Number(nanoseconds(time) - beforeNs) / 1e9;
    for (const [a, name] of names.entries()) {
      const position = positions[a]!;
      if (beyond(-position, negated(limits.positionMin[a]))) {
        return `point ${j} has ${name} at ${text(position)}, below its limit of ${limits.positionMin[a]}`;
      }
      if (beyond(position, limits.positionMax[a])) {
        return `point ${j} has ${name} at ${text(position)}, above its limit of ${limits.positionMax[a]}`;
      }
      const mean = before === undefined ? 0 : Math.abs(position - before[a]!) / seconds;
      const speed = Math.max(mean, Math.abs(velocities[a] ?? 0));
      if (beyond(speed, limits.velocity[a])) {
        return `point ${j} moves ${name} at ${text(speed)} per second, above its limit of ${limits.velocity[a]}`;
      }
    }
    before = positions;
    beforeNs = nanoseconds(time);
  }
  return undefined;
}

/** Whether a value is above a limit, if there is one; what is no number is beyond every limit. */
function beyond(value: number, limit: number | undefined): boolean {
  return limit !== undefined && !(value <= limit + RELATIVE_TOLERANCE * Math.abs(limit));
}

function negated(limit: number | undefined): number | undefined {
  return limit === undefined ? undefined : -limit;
}

function text(value: number): string {
  return value.toPrecision(4);
}
