import assert from 'node:assert/strict';
import type { LoopPolicy, LoopSettings, MadeChunk } from '../../src/control/loop_interfaces.js';
import { observationLayout } from '../../src/control/observation_layout.js';
import type { ObservationValue } from '../../src/control/observation_value.js';
import { PolicyLoop } from '../../src/control/policy_loop.js';
import {
  nanoseconds,
  type ActionChunkMessage,
  type JointTrajectory,
} from '../../src/control/ros_messages.js';
import { NO_LIMITS } from './motion/no_limits.js';
import type { ChunkRequest } from '../../src/inference/policy_runner.js';
import type { Inpainting } from '../../src/policy/inpainting.js';
import type { PolicyManifest } from '../../src/policy/manifest.js';

/** ns. */
export const MS = 1_000_000n;
/** 20 Hz. */
export const PERIOD = 50n * MS;
/** The time at which a rig begins, ns. */
export const START = 1_000_000n * MS;

/** Two joints and a number, both seen and moved at 20 Hz; a chunk has 4 actions. */
export const MANIFEST = {
  architecture: {
    n_obs_steps: 2,
    horizon: 6,
    first_action_step: 1,
    n_action_steps: 4,
    action_dim: 2,
  },
  inputs: [{ name: 'state', kind: 'vector', size: 3, normaliser: {} }],
  action: { joint_names: ['a', 'b'], rate_hz: 20 },
  observation_sources: [
    {
      name: 'joints',
      topic: 'joint_states',
      type: 'sensor_msgs/msg/JointState',
      field: 'position',
      names: ['a', 'b'],
    },
    {
      name: 'extra',
      topic: 'extra',
      type: 'std_msgs/msg/Float64MultiArray',
      field: 'data',
      size: 1,
    },
  ],
} as unknown as PolicyManifest;

/** What a rig's loop is told by default. */
const SETTINGS: LoopSettings = {
  actionSteps: 4,
  maxAgesNs: [105n * MS, 105n * MS],
  waitNs: undefined,
  seed: 7,
  simTime: false,
  latencyBudgetMs: 0,
  shadow: false,
  trajectoryStamp: 'tick',
  asynchronous: false,
  join: 'replace',
  smoothingS: 0,
  discreteJoints: [],
  outputStepS: 0,
  leadNs: 5n * MS,
  stopS: 0.05,
  onLimit: 'refuse',
  limits: NO_LIMITS,
  manualRecovery: [],
  limitStormChunks: 0,
};

/** As the loop takes it, at 20 Hz. */
export function policyOf(manifest: PolicyManifest): LoopPolicy {
  return {
    manifest,
    layout: observationLayout(manifest, 'test'),
    rateHz: 20,
    policySha256: 'f'.repeat(64),
    planSha256: undefined,
    where: 'test',
  };
}

/** A trajectory that brings the robot to rest from now on, by whatever clock. */
export function assertHold({ header, points }: JointTrajectory): void {
  assert.equal(nanoseconds(header.stamp), 0n);
  assert.deepEqual(
    points.at(-1)!.velocities,
    points.at(-1)!.velocities.map(() => 0),
  );
  assert.ok(points.at(-1)!.time_from_start.sec === 0, 'soon');
}

/** A loop with a clock that is set by hand and chunks that are made at once, or when told. */
export class Rig {
  nowNs = START;
  /** By how much the clock was set, ns. */
  #setBy = 0n;
  readonly trajectories: JointTrajectory[] = [];
  readonly chunks: ActionChunkMessage[] = [];
  readonly faults: (string | undefined)[] = [];
  /** Chunks that were asked for: the indices of their noise. */
  readonly asked: number[] = [];
  /** What was said to be known of them. */
  readonly known: (Inpainting | undefined)[] = [];
  /** What the next chunk consists of, (4, 2): by default joint a goes up by 0.01 an action. */
  action: (index: number) => number[] = () => [0.01, 0, 0.02, 0, 0.03, 0, 0.04, 0];
  /** When set, chunks wait for it. */
  gate: Promise<void> = Promise.resolve();
  readonly settings: LoopSettings;
  readonly loop: PolicyLoop;

  constructor(settings: Partial<LoopSettings> = {}, manifest = MANIFEST) {
    this.settings = { ...SETTINGS, ...settings };
    const maker = {
      prefetch: () => undefined,
      chunk: async (_: unknown, { index, inpainting }: ChunkRequest): Promise<MadeChunk> => {
        this.asked.push(index);
        this.known.push(inpainting);
        await this.gate;
        const action = Float32Array.from(this.action(index));
        const sample = new Float32Array(12).fill(index);
        return { sample, action, latencyMs: 5, observationMs: 1 };
      },
    };
    this.loop = new PolicyLoop(
      policyOf(manifest),
      this.settings,
      maker,
      {
        trajectory: (message) => this.trajectories.push(message),
        chunk: (message) => this.chunks.push(message),
        fault: (reason) => this.faults.push(reason),
      },
      { nowNs: () => this.nowNs, steadyMs: () => Number((this.nowNs - this.#setBy) / MS) },
    );
  }

  /** Both sources send, stamped now; then the loop does what is due. */
  async send(
    { joints = [0, 0], extra = [1] }: { joints?: number[] | null; extra?: number[] | null } = {},
    stampNs = this.nowNs,
  ): Promise<void> {
    const values: (number[] | null)[] = [joints, extra];
    for (const [i, value] of values.entries()) {
      if (value) this.loop.receive(i, stampNs, Float64Array.from(value) as ObservationValue);
    }
    await this.poll();
  }

  /** The clock is set, while a steady one stands still. */
  jumpTo(nowNs: bigint): void {
    this.#setBy += nowNs - this.nowNs;
    this.nowNs = nowNs;
  }

  async poll(): Promise<void> {
    this.loop.poll();
    await new Promise(setImmediate);
  }

  /** Goes through control periods, every source sending at the ticks. */
  async periods(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      await this.send();
      await this.pass(PERIOD);
    }
  }

  /** Lets time pass as a node does: the loop is called whenever it asked to be. */
  async pass(ns: bigint): Promise<void> {
    const endNs = this.nowNs + ns;
    for (let wakeNs = this.loop.poll(); wakeNs < endNs; wakeNs = this.loop.poll()) {
      await new Promise(setImmediate);
      this.nowNs = wakeNs > this.nowNs ? wakeNs : this.nowNs + 1n;
    }
    this.nowNs = endNs;
  }

  /** Chunks that are asked for from now on come only when the returned function is called. */
  holdBack(): () => Promise<void> {
    let open = (): void => undefined;
    this.gate = new Promise((resolve) => (open = resolve));
    return async () => {
      open();
      await new Promise(setImmediate);
    };
  }
}
