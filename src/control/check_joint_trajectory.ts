import { nanoseconds, type JointTrajectory, type JointTrajectoryPoint } from './ros_messages.js';

/**
 * Why joint_trajectory_controller (ROS 2 Jazzy, default parameters) would reject a trajectory, or what it does
 * not check and would do harm (NaN, a first point at once); undefined when there is nothing to object to.
 * @param knownJoints the controller's joints; a trajectory names all of them
 */
export function objectionToJointTrajectory(
  { joint_names: names, points }: JointTrajectory,
  knownJoints: readonly string[],
): string | undefined {
  if (new Set(names).size !== names.length) return 'a joint is named twice';
  const unknown = names.find((name) => !knownJoints.includes(name));
  if (unknown !== undefined) return `joint ${unknown} is not known`;
  const left = knownJoints.find((name) => !names.includes(name));
  if (left !== undefined) return `joint ${left} is left out`;
  if (points.length === 0) return 'it has no points';

  let before = 0n;
  for (const [j, point] of points.entries()) {
    const time = nanoseconds(point.time_from_start);
    if (time <= before) {
      return j === 0 ? 'point 0 is not after the start' : `point ${j} is not after point ${j - 1}`;
    }
    before = time;
    const objection = objectionToPoint(point, names.length);
    if (objection !== undefined) return `point ${j} ${objection}`;
  }
  if (points.at(-1)!.velocities.some((velocity) => velocity !== 0)) {
    return 'the last point has a velocity';
  }
  return undefined;
}

function objectionToPoint(point: JointTrajectoryPoint, joints: number): string | undefined {
  if (point.effort.length > 0) return 'has effort';
  if (point.positions.length !== joints) return `has ${point.positions.length} positions`;
  for (const part of ['velocities', 'accelerations'] as const) {
    const { length } = point[part];
    if (length !== 0 && length !== joints) return `has ${length} ${part}`;
  }
  for (const part of ['positions', 'velocities', 'accelerations'] as const) {
    const wrong = point[part].find((value) => !Number.isFinite(value));
    if (wrong !== undefined) return `has ${part} with ${wrong}`;
  }
  return undefined;
}
