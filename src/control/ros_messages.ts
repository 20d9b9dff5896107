/** Time or duration as ROS 2 messages hold it. */
export interface RosTime {
  readonly sec: number;
  readonly nanosec: number;
}

export interface RosHeader {
  readonly stamp: RosTime;
  readonly frame_id: string;
}

/** trajectory_msgs/msg/JointTrajectoryPoint; unused parts are empty. */
export interface JointTrajectoryPoint {
  readonly positions: readonly number[];
  readonly velocities: readonly number[];
  readonly accelerations: readonly number[];
  readonly effort: readonly number[];
  readonly time_from_start: RosTime;
}

/** trajectory_msgs/msg/JointTrajectory. */
export interface JointTrajectory {
  readonly header: RosHeader;
  readonly joint_names: readonly string[];
  readonly points: readonly JointTrajectoryPoint[];
}

/** bac_policy/msg/ActionChunk, see msg/ActionChunk.msg. */
export interface ActionChunkMessage {
  readonly header: RosHeader;
  readonly chunk_id: bigint;
  readonly observation_stamps: readonly RosTime[];
  readonly policy_sha256: string;
  readonly plan_sha256: string;
  readonly inference_latency: RosTime;
  readonly rate_hz: number;
  readonly n_actions: number;
  readonly action_dim: number;
  readonly actions: readonly number[];
  /** See `FAULT_STATUS`. */
  readonly status: number;
}

const NS_PER_SECOND = 1_000_000_000n;

/** Nanoseconds as seconds and the rest below a second, which is never negative. */
export function rosTime(ns: bigint): RosTime {
  const nanosec = ((ns % NS_PER_SECOND) + NS_PER_SECOND) % NS_PER_SECOND;
  return { sec: Number((ns - nanosec) / NS_PER_SECOND), nanosec: Number(nanosec) };
}

/** Inverse of {@link rosTime}. */
export function nanoseconds({ sec, nanosec }: RosTime): bigint {
  return BigInt(sec) * NS_PER_SECOND + BigInt(nanosec);
}
