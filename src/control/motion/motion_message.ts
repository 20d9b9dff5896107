import { rosTime, type JointTrajectory } from '../ros_messages.js';
import type { MotionPath } from './motion_path.js';

/**
 * A path as joint_trajectory_controller takes it: every knot with position, velocity and acceleration, so that the
 * controller interpolates by the same quintics.
 * @param stampNs header stamp, 0 for "start now"
 * @param offsetNs from the stamp's time to the path's start; the first point is later than the stamp's time
 * @param afterS knots up to this time after the path's start are left out, s
 */
export function motionMessage(
  path: MotionPath,
  jointNames: readonly string[],
  stampNs: bigint,
  offsetNs: bigint,
  afterS: number,
): JointTrajectory {
  const points = path.times.flatMap((time, i) => {
    const fromStart = offsetNs + BigInt(Math.round(time * 1e9));
    if (time <= afterS || fromStart <= 0n) return [];
    const states = path.states[i]!;
    return [
      {
        positions: states.map(([position]) => position),
        velocities: states.map(([, velocity]) => velocity),
        accelerations: states.map(([, , acceleration]) => acceleration),
        effort: [],
        time_from_start: rosTime(fromStart),
      },
    ];
  });
  return { header: { stamp: rosTime(stampNs), frame_id: '' }, joint_names: jointNames, points };
}
