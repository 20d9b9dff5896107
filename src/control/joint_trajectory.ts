import { BadInput } from '../errors.js';
import type { ActionSpec } from '../policy/manifest.js';
import { missing } from './observation_layout.js';
import { rosTime, type JointTrajectory } from './ros_messages.js';

/** What turns actions into a motion. */
export interface TrajectorySpec {
  readonly jointNames: readonly string[];
  /** Control rate, Hz. */
  readonly rateHz: number;
  /** Whether actions are joint positions or changes of them. */
  readonly mode: 'absolute' | 'delta';
}

/** @throws BadInput naming what the package does not say about its actions */
export function trajectorySpec(action: ActionSpec, where: string): TrajectorySpec {
  if (!action.joint_names) throw missing('action.joint_names is missing', where);
  if (!action.rate_hz) throw missing('action.rate_hz is missing', where);
  const repeated = action.joint_names.find((name, i, all) => all.indexOf(name) !== i);
  if (repeated !== undefined) {
    throw new BadInput(
      `action.joint_names holds ${repeated} twice`,
      where,
      'correct it: `bac-policy import ... --sources FILE`',
    );
  }
  return {
    jointNames: action.joint_names,
    rateHz: action.rate_hz,
    mode: action.mode ?? 'absolute',
  };
}

/**
 * The positions that a chunk's actions mean, (Ta) rows of (A).
 * @param action (Ta, A), physical units
 * @param start joint positions at the tick, (A), from which changes are added up; needed for delta mode only
 */
export function targetPositions(
  action: Float32Array,
  { jointNames, mode }: TrajectorySpec,
  start: readonly (number | undefined)[] | undefined,
): number[][] {
  const width = jointNames.length;
  const rows = Array.from({ length: action.length / width }, (_, j) =>
    Array.from(action.subarray(j * width, (j + 1) * width)),
  );
  if (mode === 'delta') {
    if (!start) throw new Error('a policy in delta mode needs the joint positions at the tick');
    let previous = start;
    for (const row of rows) {
      for (let a = 0; a < width; a++) row[a] = previous[a]! + row[a]!;
      previous = row;
    }
  }
  return rows;
}

/**
 * The motion of one chunk as joint_trajectory_controller accepts it. Action j is the target for the end of the
 * j-th control period after the tick, so point j has time_from_start (j + 1) / rate.
 *
 * Velocities are central differences of the neighbouring positions (of the first point: the difference to the
 * second), so that the controller interpolates by cubics; the last point's are zero, as the controller rejects
 * a motion that does not end at rest.
 * @param stampNs the control tick, ns
 * @param action as {@link targetPositions}, and `start` as well
 */
export function jointTrajectory(
  action: Float32Array,
  spec: TrajectorySpec,
  stampNs: bigint,
  start: readonly (number | undefined)[] | undefined,
): JointTrajectory {
  const { jointNames, rateHz } = spec;
  const positions = targetPositions(action, spec, start);
  const [count, width] = [positions.length, jointNames.length];
  const velocityAt = (j: number): number[] => {
    if (j === count - 1) return Array<number>(width).fill(0);
    const [from, to] = [Math.max(j - 1, 0), j + 1];
    return positions[to]!.map((p, a) => ((p - positions[from]![a]!) * rateHz) / (to - from));
  };
  return {
    header: { stamp: rosTime(stampNs), frame_id: '' },
    joint_names: jointNames,
    points: positions.map((row, j) => ({
      positions: row,
      velocities: velocityAt(j),
      accelerations: [],
      effort: [],
      time_from_start: rosTime(BigInt(Math.round(((j + 1) * 1e9) / rateHz))),
    })),
  };
}
