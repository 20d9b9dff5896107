import type { Chunk, ChunkRequest } from '../inference/policy_runner.js';
import type { PolicyManifest } from '../policy/manifest.js';
import type { Patience } from './arrival_model.js';
import type { FaultStatus } from './fault_status.js';
import type { MotionSettings } from './motion/motion_executor.js';
import type { ObservationLayout } from './observation_layout.js';
import type { ObservationValue } from './observation_value.js';
import type { Observation, Stamped } from './observation_window.js';
import type { ActionChunkMessage, JointTrajectory } from './ros_messages.js';

/** What the loop may be told anew while it runs. */
export interface LoopSettings extends MotionSettings, Patience {
  /** Actions executed before the next chunk, at most. */
  readonly actionSteps: number;
  /** Whether the next chunk is begun before the actions of the last one are over, early enough to go on from them. */
  readonly asynchronous: boolean;
  /** Of each source, ns. */
  readonly maxAgesNs: readonly bigint[];
  /** Seed of the noise of each activation's chunks. */
  readonly seed: number;
  /** Faults after which somebody has to say that the robot may go on. */
  readonly manualRecovery: readonly FaultStatus[];
  /** Chunks in a row that leave the limits before that is a fault of its own; 0 = never. */
  readonly limitStormChunks: number;
  /** Time a chunk may take before it counts as late, ms; 0 = none. */
  readonly latencyBudgetMs: number;
}

/** The policy that runs, whose digests are in every chunk. */
export interface LoopPolicy {
  readonly manifest: PolicyManifest;
  readonly layout: ObservationLayout;
  /** Control rate, Hz. */
  readonly rateHz: number;
  readonly policySha256: string;
  /** Undefined for the dense policy. */
  readonly planSha256: string | undefined;
  /** The package, for error messages. */
  readonly where: string;
}

/** A chunk and what it took to prepare its observation (pictures decoded and encoded), ms. */
export type MadeChunk = Chunk & { readonly observationMs: number };

/** Makes chunks, elsewhere than in this thread. */
export interface ChunkMaker {
  /** Prepares a camera's sample that is, or probably will be, in the next chunk's window. */
  prefetch(source: number, sample: Stamped<ObservationValue>): void;
  chunk(
    window: readonly Observation<ObservationValue>[],
    request: ChunkRequest,
  ): Promise<MadeChunk>;
}

/** Where the loop's results go. */
export interface LoopOutputs {
  trajectory(message: JointTrajectory): void;
  chunk(message: ActionChunkMessage): void;
  /** The robot is held because of a reason, or acts again (undefined). */
  fault(reason: string | undefined): void;
}

/** The node's clock, ns (system or simulated), and a steady one, ms. */
export interface LoopClock {
  nowNs(): bigint;
  steadyMs(): number;
}
