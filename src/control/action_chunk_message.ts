import { FAULT_STATUS, type FaultStatus } from './fault_status.js';
import type { TrajectorySpec } from './joint_trajectory.js';
import type { ObservationValue } from './observation_value.js';
import type { Observation, WindowEvent } from './observation_window.js';
import { rosTime, type ActionChunkMessage } from './ros_messages.js';
import type { Chunk } from '../inference/policy_runner.js';

/** A control tick at which all sources were known. */
export type ObservationEvent = Extract<WindowEvent<ObservationValue>, { kind: 'observation' }>;

/** The digests of what made a chunk; without a plan the policy ran dense. */
export interface ChunkOrigin {
  readonly policySha256: string;
  readonly planSha256: string | undefined;
}

/** A chunk as bac_policy/msg/ActionChunk, whose definition explains the fields. */
export function actionChunkMessage(
  id: bigint,
  { action, latencyMs }: Chunk,
  { tickNs, window }: ObservationEvent,
  { policySha256, planSha256 }: ChunkOrigin,
  { jointNames, rateHz }: TrajectorySpec,
): ActionChunkMessage {
  return {
    header: { stamp: rosTime(tickNs), frame_id: '' },
    chunk_id: id,
    observation_stamps: window.map((observation) => rosTime(newestStampNs(observation))),
    policy_sha256: policySha256,
    plan_sha256: planSha256 ?? '',
    inference_latency: rosTime(BigInt(Math.round(latencyMs * 1e6))),
    rate_hz: rateHz,
    n_actions: action.length / jointNames.length,
    action_dim: jointNames.length,
    actions: [...action],
    status: FAULT_STATUS.ok,
  };
}

/** That the robot is held, and why: a message without actions. @param nowNs by the node's clock */
export function faultMessage(
  status: FaultStatus,
  nowNs: bigint,
  { policySha256, planSha256 }: ChunkOrigin,
  { jointNames, rateHz }: TrajectorySpec,
): ActionChunkMessage {
  return {
    header: { stamp: rosTime(nowNs), frame_id: '' },
    chunk_id: 0n,
    observation_stamps: [],
    policy_sha256: policySha256,
    plan_sha256: planSha256 ?? '',
    inference_latency: rosTime(0n),
    rate_hz: rateHz,
    n_actions: 0,
    action_dim: jointNames.length,
    actions: [],
    status: FAULT_STATUS[status],
  };
}

function newestStampNs({ samples }: Observation<ObservationValue>): bigint {
  return samples.reduce((newest, { stampNs }) => (stampNs > newest ? stampNs : newest), 0n);
}
