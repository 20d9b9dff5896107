import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { FAULT_STATUS, type FaultStatus } from '../../src/control/fault_status.js';
import { objectionToJointTrajectory } from '../../src/control/check_joint_trajectory.js';
import {
  nanoseconds,
  type ActionChunkMessage,
  type JointTrajectory,
} from '../../src/control/ros_messages.js';
import { messageOf } from '../../src/errors.js';
import { PolicyNode, type PolicyNodeOptions } from './policy_node.js';
import { cubePose, image, jointStates } from './ros_inputs.js';
import { type Encoded, type Received, RosPeer } from './ros_peer.js';
import type { RunnablePolicy } from './ros_policies.js';

/**
 * How soon after a fault the robot must be held, ms. It takes 10 to 20 (scripts/measure_node.mjs); a machine that is
 * shared with others may stand still for the rest.
 */
export const HOLD_MS = 500;

/** diagnostic_msgs/msg/DiagnosticStatus with its level as a number: 0 ok, 1 warning, 2 error, 3 stale. */
export interface DiagnosticStatus {
  readonly level: number;
  readonly name: string;
  readonly message: string;
  readonly values: Readonly<Record<string, string>>;
}

interface DiagnosticArray {
  readonly status: readonly {
    readonly level: readonly number[];
    readonly name: string;
    readonly message: string;
    readonly values: readonly { readonly key: string; readonly value: string }[];
  }[];
}

/** What a policy's robot sends, and how often, Hz. */
const FEEDS: readonly (readonly [Encoded, number])[] = [
  [jointStates(), 50],
  [cubePose(), 50],
];
const CAMERA_FEEDS: typeof FEEDS = [
  [image(), 30],
  [jointStates([0.1, -0.2], ['j1', 'j2']), 50],
];

/** bac_policy/srv/LoadPolicy's response. */
export interface Loaded {
  readonly success: boolean;
  readonly message: string;
  readonly policy_sha256: string;
  readonly plan_sha256: string;
  readonly latency_ms: number;
}

/** A node, a peer that hears all it says, and a robot to be fed to it. */
export class Scene {
  readonly peer: RosPeer;
  readonly node: PolicyNode;
  readonly #policies: RunnablePolicy[];
  readonly #feeds: typeof FEEDS;

  private constructor(runnable: RunnablePolicy, peer: RosPeer, node: PolicyNode) {
    this.#policies = [runnable];
    this.peer = peer;
    this.node = node;
    const cameras = runnable.policy.manifest.encoder !== undefined;
    this.#feeds = cameras ? CAMERA_FEEDS : FEEDS;
  }

  /** Starts a node with a policy and its fast plan; it is not configured yet. */
  static async begin(
    runnable: RunnablePolicy,
    parameters: Readonly<Record<string, unknown>> = {},
    options: PolicyNodeOptions & { readonly peer?: RosPeer } = {},
  ): Promise<Scene> {
    const { directory: policy, plan } = runnable;
    const peer = options.peer ?? new RosPeer();
    const given = { policy, plan: plan.path, execution_provider: 'cpu', ...parameters };
    const scene = new Scene(runnable, peer, new PolicyNode(peer, given, options));
    try {
      for (const [topic, type, latched] of [
        [scene.trajectory, 'trajectory_msgs/msg/JointTrajectory', false],
        [scene.chunk, 'bac_policy/msg/ActionChunk', false],
        ['/diagnostics', 'diagnostic_msgs/msg/DiagnosticArray', false],
        [scene.node.own('policy_card'), 'std_msgs/msg/String', true],
        [scene.node.own('active_plan'), 'std_msgs/msg/String', true],
      ] as const) {
        await peer.collect(topic, type, latched, false);
      }
      await peer.until('the node', async () => {
        if (!scene.node.process.isRunning) throw new Error(scene.node.process.output);
        return (await peer.ask<string[]>('nodes')).includes(scene.node.fullName);
      });
    } catch (error) {
      await scene.end();
      throw error;
    }
    return scene;
  }

  get trajectory(): string {
    return this.node.own('joint_trajectory');
  }

  get chunk(): string {
    return this.node.own('action_chunk');
  }

  /** Configures and activates, and waits until the peer hears the node: what it publishes then will come. */
  async goActive(): Promise<void> {
    await this.node.change('configure', 'inactive');
    // Asked for after all other topics, so these are connected as well.
    const heard = async (): Promise<boolean> =>
      (await this.peer.count(this.node.own('active_plan'))) > 0;
    await this.peer.until('the active plan', heard);
    await this.node.change('activate', 'active');
  }

  /** Asks the node for another policy or plan. */
  async load(request: { policy?: string; plan?: string; preset?: string }): Promise<Loaded> {
    return this.peer.call(this.node.own('load_policy'), 'bac_policy/srv/LoadPolicy', request);
  }

  /** Lets the robot send what the policy looks at. @param except topics that stay silent */
  async feed(...except: string[]): Promise<void> {
    for (const [messages, hz] of this.#feeds) {
      if (!except.includes(messages.topic)) await this.peer.stream(messages, { hz });
    }
  }

  /** What has come so far. */
  async trajectories(start = 0): Promise<Received<JointTrajectory>[]> {
    return this.peer.take(this.trajectory, start);
  }

  /** Without those that say why the robot is held. */
  async chunks(start = 0): Promise<Received<ActionChunkMessage>[]> {
    const all = await this.peer.take<ActionChunkMessage>(this.chunk, start);
    return all.filter(({ message }) => message.status === FAULT_STATUS.ok);
  }

  /** Those alone. */
  async faults(start = 0): Promise<Received<ActionChunkMessage>[]> {
    const all = await this.peer.take<ActionChunkMessage>(this.chunk, start);
    return all.filter(({ message }) => message.status !== FAULT_STATUS.ok);
  }

  /** From now on trajectories of this policy may come as well. */
  expect(runnable: RunnablePolicy): void {
    this.#policies.push(runnable);
  }

  /** Waits for chunks to come. */
  async flows(count = 3): Promise<Received<ActionChunkMessage>[]> {
    const start = await this.peer.count(this.chunk);
    const enough = async (): Promise<Received<ActionChunkMessage>[] | undefined> => {
      const found = await this.chunks(start);
      return found.length >= count ? found.slice(0, count) : undefined;
    };
    return this.#explained(this.peer.until(`${count} more chunks`, enough));
  }

  /**
   * Lets something go wrong in the middle of a motion and waits until the node holds the robot. (When a motion
   * is over nothing has to be held.)
   * @param fault gives when it began, ns of the steady clock
   * @param status by which `~/action_chunk` tells it; where it is no fault, none
   * @returns how long it took, ms
   */
  async holdsAfter(fault: () => Promise<number>, status?: FaultStatus): Promise<number> {
    await this.flows(1);
    const told = (await this.faults()).length;
    const since = await fault();
    const find = async (): Promise<Received<JointTrajectory> | undefined> =>
      (await this.trajectories()).find(({ at, message }) => at > since && isHold(message));
    const found = await this.#explained(this.peer.until('a hold trajectory', find));
    if (status !== undefined) {
      const tells = async (): Promise<boolean> =>
        (await this.faults())
          .slice(told)
          .some(({ message }) => message.status === FAULT_STATUS[status]);
      await this.#explained(this.peer.until(`status ${status} on ~/action_chunk`, tells));
    }
    return (found.at - since) / 1e6;
  }

  /** Makes sure that no chunk comes for so long. */
  async isSilent(forMs: number): Promise<void> {
    const start = await this.peer.count(this.chunk);
    await sleep(forMs);
    assert.deepEqual(await this.chunks(start), [], 'no chunk');
  }

  /** The node's newest diagnostics. */
  async diagnostics(): Promise<DiagnosticStatus[]> {
    const arrays = await this.peer.take<DiagnosticArray>('/diagnostics');
    return (arrays.at(-1)?.message.status ?? []).map(({ level, name, message, values }) => ({
      ...{ level: level[0]!, name, message },
      values: Object.fromEntries(values.map(({ key, value }) => [key, value])),
    }));
  }

  /** Waits until diagnostics say something at this level or above. */
  async says(what: RegExp, level = 1): Promise<DiagnosticStatus> {
    const find = async (): Promise<DiagnosticStatus | undefined> =>
      (await this.diagnostics()).find(
        (status) =>
          status.level >= level && what.test(`${status.message} ${JSON.stringify(status.values)}`),
      );
    return this.#explained(this.peer.until(`diagnostics like ${what}`, find));
  }

  /** Waits until diagnostics complain of nothing, but for chunks that were late on a busy machine. */
  async isWell(): Promise<void> {
    const find = async (): Promise<boolean> => {
      const found = await this.diagnostics();
      const now = found.filter(({ name }) => !name.endsWith('inference'));
      return now.length > 0 && now.every(({ level }) => level === 0);
    };
    await this.#explained(this.peer.until('diagnostics without a complaint', find));
  }

  async #explained<T>(waiting: Promise<T>): Promise<T> {
    try {
      return await waiting;
    } catch (error) {
      throw new Error(`${messageOf(error)}; ${await this.describe()}`, { cause: error });
    }
  }

  /** Newest diagnostics and the node's log. */
  async describe(): Promise<string> {
    const lines = (await this.diagnostics()).map((status) => JSON.stringify(status));
    return `diagnostics:\n${lines.join('\n')}\nlog:\n${this.node.process.output}`;
  }

  /**
   * Ends node and peer. Node must have lived until then, end at once with exit code 0, and must have sent
   * nothing that a controller would reject.
   */
  async end(): Promise<void> {
    try {
      const lived = this.node.process.isRunning;
      const received = lived ? await this.trajectories() : [];
      const { code, signal } = await this.node.stop();
      assert.ok(lived, `the node was gone (${code}, ${signal}): ${this.node.process.output}`);
      assert.deepEqual({ code, signal }, { code: 0, signal: null }, this.node.process.output);
      for (const { message } of received) {
        const objections = this.#policies.map(({ policy }) =>
          objectionToJointTrajectory(message, policy.manifest.action.joint_names!),
        );
        assert.ok(objections.includes(undefined), objections.join(', '));
      }
    } finally {
      await this.peer.stop();
    }
  }
}

/** Whether a trajectory brings the robot to rest from now on; those of chunks are stamped with their tick. */
export function isHold({ header }: JointTrajectory): boolean {
  return nanoseconds(header.stamp) === 0n;
}
