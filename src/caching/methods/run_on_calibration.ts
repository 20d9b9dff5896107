import type { MadePlan } from './method.js';

/** Where in a run something happened. */
interface Moment {
  readonly step: number;
  /** n, samples that run together: those from `firstSample` on. */
  readonly samples: number;
  readonly firstSample: number;
}

/** A block that was computed. Arrays are valid during the call only. */
export interface ComputedBlock extends Moment {
  /** In canonical order. */
  readonly block: number;
  /** The block's input, the residual stream: (n, T, E). */
  readonly stream: Float32Array;
  /** Its output before it is added: (n, T, E). */
  readonly branch: Float32Array;
  /**
   * For cross-attention, how much is looked at each memory token: (n, 1 + To), the mean over heads and action
   * tokens, 1 in sum.
   */
  readonly attention?: Float32Array;
}

/** The network's output at a step, before any correction: (n, T, A), valid during the call only. */
export interface NetworkOutput extends Moment {
  readonly output: Float32Array;
}

/** Hears what happens in a run. */
export interface RunListener {
  readonly onBlock?: (event: ComputedBlock) => void;
  readonly onOutput?: (event: NetworkOutput) => void;
}

/** Runs plans on the calibration observations. */
export interface RunOnCalibration {
  /** N, observations. */
  readonly samples: number;
  /**
   * Runs a plan, or the dense policy where there is none, with the observations' own noise, batch by batch and,
   * within a batch, step by step.
   */
  run(made: MadePlan | undefined, listener: RunListener): Promise<void>;
}
