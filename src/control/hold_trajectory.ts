import { nanoseconds, rosTime, type JointTrajectory } from './ros_messages.js';

/** A trajectory that was sent, with the time it begins. */
export interface SentTrajectory {
  readonly trajectory: JointTrajectory;
  /** ROS time at which time_from_start is 0, ns. */
  readonly startNs: bigint;
  /** Where the joints were at the start, (A); undefined where that is not known. */
  readonly startPositions: readonly (number | undefined)[];
}

/** ROS time at which a trajectory is over, ns. */
export function endOf({
  trajectory,
  startNs,
}: Pick<SentTrajectory, 'trajectory' | 'startNs'>): bigint {
  return startNs + nanoseconds(trajectory.points.at(-1)!.time_from_start);
}

/** Where a trajectory wants the joints at a time, (A): straight between its points, at rest outside. */
export function positionsAt(
  { trajectory: { points }, startNs, startPositions }: SentTrajectory,
  timeNs: bigint,
): readonly number[] {
  const elapsed = timeNs - startNs;
  const next = points.findIndex((point) => nanoseconds(point.time_from_start) >= elapsed);
  if (next < 0) return points.at(-1)!.positions;
  const to = points[next]!;
  const from = next > 0 ? points[next - 1]!.positions : startPositions;
  const fromNs = next > 0 ? nanoseconds(points[next - 1]!.time_from_start) : 0n;
  const share = Number(elapsed - fromNs) / Number(nanoseconds(to.time_from_start) - fromNs);
  return to.positions.map((position, a) => {
    const before = from[a] ?? position;
    return before + Math.max(0, share) * (position - before);
  });
}

/**
 * What brings the joints to rest on the way they are on: one control period from now they stand where the
 * running trajectory would have had them by then. So the robot stops within a period, without a step back. The
 * stamp is 0, "start now" for the controller: a hold must not depend on clocks that agree.
 * @returns undefined when the trajectory is over, and with it the motion
 */
export function holdTrajectory(
  sent: SentTrajectory,
  nowNs: bigint,
  periodNs: bigint,
): JointTrajectory | undefined {
  if (endOf(sent) <= nowNs) return undefined;
  const positions = positionsAt(sent, nowNs + periodNs);
  return {
    header: { stamp: rosTime(0n), frame_id: '' },
    joint_names: sent.trajectory.joint_names,
    points: [
      {
        positions,
        velocities: positions.map(() => 0),
        accelerations: [],
        effort: [],
        time_from_start: rosTime(periodNs),
      },
    ],
  };
}
