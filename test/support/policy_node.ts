import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { messageOf } from '../../src/errors.js';
import { ROOT } from '../ros/ros_environment.js';
import { type Ended, RosProcess } from './ros_process.js';
import type { RosPeer } from './ros_peer.js';
import { temporaryDirectory } from './temporary_directory.js';

/** The installed executable; BAC_POLICY_NODE names another, for work on the node. */
const EXECUTABLE =
  process.env['BAC_POLICY_NODE'] ??
  join(ROOT, '.ros/install/bac_policy/lib/bac_policy/policy_node');

/** States of a managed node, lifecycle_msgs/msg/State. */
export type LifecycleState = 'unconfigured' | 'inactive' | 'active' | 'finalized';

/** Transitions that a peer may ask for, lifecycle_msgs/msg/Transition. */
export const TRANSITIONS = {
  configure: 1,
  cleanup: 2,
  activate: 3,
  deactivate: 4,
  unconfigured_shutdown: 5,
  inactive_shutdown: 6,
  active_shutdown: 7,
} as const;
export type TransitionName = keyof typeof TRANSITIONS;

export interface PolicyNodeOptions {
  readonly name?: string;
  /** Such as `/left`; default none. */
  readonly namespace?: string;
  /** Further arguments behind --ros-args. */
  readonly arguments?: readonly string[];
  /** Of the environment, beside those of ROS. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** The node as `ros2 launch` starts it, with its parameters in a file. */
export class PolicyNode {
  readonly process: RosProcess;
  /** With its namespace, such as `/policy`. */
  readonly fullName: string;
  readonly #peer: RosPeer;

  constructor(
    peer: RosPeer,
    parameters: Readonly<Record<string, unknown>>,
    {
      name = 'policy',
      namespace = '',
      arguments: further = [],
      variables = {},
    }: PolicyNodeOptions = {},
  ) {
    this.#peer = peer;
    this.fullName = `${namespace}/${name}`;
    const file = join(temporaryDirectory(), 'parameters.yaml');
    writeFileSync(file, stringify({ '/**': { ros__parameters: parameters } }));
    if (!existsSync(EXECUTABLE)) throw new Error(`${EXECUTABLE} is missing: scripts/build_ros.sh`);
    const remaps = ['-r', `__node:=${name}`, '--params-file', file, ...further];
    if (namespace) remaps.push('-r', `__ns:=${namespace}`);
    const command = EXECUTABLE.endsWith('.js') ? [process.execPath, EXECUTABLE] : [EXECUTABLE];
    this.process = new RosProcess([...command, '--ros-args', ...remaps], variables);
  }

  /** Full name of one of the node's own topics or services. */
  own(name: string): string {
    return `${this.fullName}/${name}`;
  }

  /** Asks for a transition by number or, with -1, by label. @returns whether it was carried out */
  async request(id: number, label = ''): Promise<boolean> {
    const { success } = await this.#peer.call<{ success: boolean }>(
      this.own('change_state'),
      'lifecycle_msgs/srv/ChangeState',
      { transition: { id, label } },
    );
    return success;
  }

  /** The present state's label. */
  async state(): Promise<string> {
    const { current_state: state } = await this.#peer.call<{ current_state: { label: string } }>(
      this.own('get_state'),
      'lifecycle_msgs/srv/GetState',
    );
    return state.label;
  }

  /** Waits until the node is in a state. */
  async reaches(state: LifecycleState, withinMs = 30_000): Promise<void> {
    await this.#peer.until(
      `state ${state}`,
      async () => (await this.state()) === state || this.#failIfGone(),
      withinMs,
    );
  }

  /** Goes through a transition. @throws Error with the node's log when it does not come out where it should */
  async change(name: TransitionName, to: LifecycleState): Promise<void> {
    await this.request(TRANSITIONS[name]);
    try {
      await this.reaches(to);
    } catch (error) {
      const said = `the node said:\n${this.process.output}`;
      throw new Error(`${name}: ${messageOf(error)}; ${said}`, { cause: error });
    }
  }

  /** Configures and activates. */
  async goActive(): Promise<void> {
    await this.change('configure', 'inactive');
    await this.change('activate', 'active');
  }

  /** Memory in use, bytes. */
  residentBytes(): number {
    const status = readFileSync(`/proc/${this.process.child.pid!}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)![1]) * 1024;
  }

  /** Ends it as ^C or a launch does. */
  async stop(signal: NodeJS.Signals = 'SIGTERM', withinMs = 5000): Promise<Ended & { ms: number }> {
    if (!this.process.isRunning) return { ...(await this.process.ended), ms: 0 };
    return this.process.stop(signal, withinMs);
  }

  #failIfGone(): undefined {
    if (this.process.isRunning) return undefined;
    throw new Error(`the node is gone; it said:\n${this.process.output}`);
  }
}
