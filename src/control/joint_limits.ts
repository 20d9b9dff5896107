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

/** Where and when the joints begin a motion. */
export interface MotionStart {
  /** (A); undefined for a joint whose position is not known: its speed towards the first point is not judged. */
  readonly positions: readonly (number | undefined)[];
  /** Time of the trajectory that is past already, ns: its points up to then are left out by the controller. */
  readonly elapsedNs: bigint;
}

/**
 * Why a trajectory leaves the limits of the joints; undefined when it stays within them. The speed between two
 * points is the mean one; a velocity that a point states counts as well. The first point that is not past is
 * reached from the start within the time that is left: a chunk that comes late is a faster motion. But no less
 * than half the time between two points is counted: a controller goes on to the next point where one is all but
 * due, and that alone is no reason to refuse a chunk.
 */
export function objectionToLimits(
  { joint_names: names, points }: JointTrajectory,
  limits: JointLimits,
  start: MotionStart,
): string | undefined {
  let before = start.positions;
  let beforeNs = start.elapsedNs;
  let previousNs = 0n;
  for (const [j, { positions, velocities, time_from_start: time }] of points.entries()) {
    const leftNs = nanoseconds(time) - beforeNs;
    const shortestNs = (nanoseconds(time) - previousNs) / 2n;
    previousNs = nanoseconds(time);
    const takenNs = leftNs > shortestNs ? leftNs : shortestNs;
    for (const [a, name] of names.entries()) {
      const position = positions[a]!;
      if (beyond(-position, negated(limits.positionMin[a]))) {
        return `point ${j} has ${name} at ${text(position)}, below its limit of ${limits.positionMin[a]}`;
      }
      if (beyond(position, limits.positionMax[a])) {
        return `point ${j} has ${name} at ${text(position)}, above its limit of ${limits.positionMax[a]}`;
      }
      const from = leftNs > 0n ? before[a] : undefined;
      const mean = from === undefined ? 0 : (Math.abs(position - from) * 1e9) / Number(takenNs);
      const speed = Math.max(mean, Math.abs(velocities[a] ?? 0));
      if (beyond(speed, limits.velocity[a])) {
        return `point ${j} moves ${name} at ${text(speed)} per second, above its limit of ${limits.velocity[a]}`;
      }
    }
    if (leftNs <= 0n) continue;
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
