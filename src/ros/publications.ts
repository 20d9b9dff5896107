import type { ActionChunkMessage, JointTrajectory } from '../control/ros_messages.js';
import type { LoadedPolicy } from '../inference/worker/loaded_policy.js';
import { QOS, type Rclnodejs, type RosNode, type RosPublisher } from './rclnodejs_api.js';

/** The topics on which the node speaks. */
export class Publications {
  readonly #trajectory: RosPublisher;
  readonly #positions: RosPublisher;
  readonly #chunk: RosPublisher;
  readonly #policyCard: RosPublisher;
  readonly #activePlan: RosPublisher;
  readonly #diagnostics: RosPublisher;

  constructor(rcl: Rclnodejs, node: RosNode) {
    const qos = (depth: number, durability: number): unknown =>
      new rcl.QoS(QOS.keepLast, depth, QOS.reliable, durability);
    const stream = { qos: qos(10, QOS.volatile) };
    const latched = { qos: qos(1, QOS.transientLocal) };
    const trajectory = 'trajectory_msgs/msg/JointTrajectory';
    this.#trajectory = node.createPublisher(trajectory, '~/joint_trajectory', stream);
    const positions = 'std_msgs/msg/Float64MultiArray';
    this.#positions = node.createPublisher(positions, '~/position_commands', stream);
    this.#chunk = node.createPublisher('bac_policy/msg/ActionChunk', '~/action_chunk', stream);
    this.#policyCard = node.createPublisher('std_msgs/msg/String', '~/policy_card', latched);
    this.#activePlan = node.createPublisher('std_msgs/msg/String', '~/active_plan', latched);
    const diagnostics = 'diagnostic_msgs/msg/DiagnosticArray';
    this.#diagnostics = node.createPublisher(diagnostics, '/diagnostics', stream);
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
