import type { ActionChunkMessage, JointTrajectory } from '../control/ros_messages.js';
import type { LoadedPolicy } from '../inference/worker/loaded_policy.js';
import { CdrPublisher } from './cdr_publisher.js';
import { QOS, type Rclnodejs, type RosNode, type RosPublisher } from './rclnodejs_api.js';

/** The topics on which the node speaks. */
export class Publications {
  readonly #trajectory: CdrPublisher;
  readonly #positions: CdrPublisher;
  readonly #chunk: CdrPublisher;
  readonly #policyCard: RosPublisher;
  readonly #activePlan: RosPublisher;
  readonly #diagnostics: CdrPublisher;

  constructor(rcl: Rclnodejs, node: RosNode) {
    const qos = (depth: number, durability: number): unknown =>
      new rcl.QoS(QOS.keepLast, depth, QOS.reliable, durability);
    const stream = { qos: qos(10, QOS.volatile) };
    const latched = { qos: qos(1, QOS.transientLocal) };
    const cdr = (type: string, topic: string): CdrPublisher =>
      new CdrPublisher(node, type, topic, stream);
    this.#trajectory = cdr('trajectory_msgs/msg/JointTrajectory', '~/joint_trajectory');
    this.#positions = cdr('std_msgs/msg/Float64MultiArray', '~/position_commands');
    this.#chunk = cdr('bac_policy/msg/ActionChunk', '~/action_chunk');
    this.#policyCard = node.createPublisher('std_msgs/msg/String', '~/policy_card', latched);
    this.#activePlan = node.createPublisher('std_msgs/msg/String', '~/active_plan', latched);
    this.#diagnostics = cdr('diagnostic_msgs/msg/DiagnosticArray', '/diagnostics');
  }

  trajectory(message: JointTrajectory): void {
    this.#trajectory.publish(message);
  }

  /** For controllers that take positions, in the order of the policy's joints. */
  positions(data: readonly number[]): void {
    this.#positions.publish({ layout: { dim: [], data_offset: 0 }, data });
  }

  chunk(message: ActionChunkMessage): void {
    this.#chunk.publish(message);
  }

  diagnostics(message: object): void {
    this.#diagnostics.publish(message);
  }

  /** Says, also to those who come later, what runs. */
  announce(loaded: LoadedPolicy): void {
    this.#policyCard.publish({ data: JSON.stringify(policyCard(loaded)) });
    this.#activePlan.publish({ data: JSON.stringify(activePlan(loaded)) });
  }

  /** Says that nothing runs. */
  withdraw(): void {
    this.#policyCard.publish({ data: '{}' });
    this.#activePlan.publish({ data: '{}' });
  }
}

/** `~/policy_card`: policy.json without weights' digests and normalisers, and its own digest. */
function policyCard({ manifest, policySha256 }: LoadedPolicy): object {
  const { architecture, noise_scheduler, inputs, action, observation_sources, provenance } =
    manifest;
  return {
    policy_sha256: policySha256,
    architecture,
    noise_scheduler,
    inputs: inputs.map(({ name, kind, size }) => ({ name, kind, size })),
    observation_sources,
    action: {
      joint_names: action.joint_names,
      unit: action.unit,
      mode: action.mode,
      rate_hz: action.rate_hz,
    },
    provenance,
  };
}

/** `~/active_plan`: which plan runs, what it computes, and what that takes here. */
function activePlan(loaded: LoadedPolicy): object {
  return {
    name: loaded.planName,
    preset: loaded.preset ?? null,
    plan_sha256: loaded.planSha256 ?? null,
    policy_sha256: loaded.policySha256,
    method: loaded.plan.method,
    block_updates: loaded.blockUpdates.computed,
    block_updates_dense: loaded.blockUpdates.total,
    multiply_adds: loaded.multiplyAdds,
    provider: loaded.provider,
    warm_up_median_ms: loaded.warmUp.medianMs,
    measured: loaded.plan.measured ?? null,
  };
}
