import type { Value } from '../graph.js';

/** Something cross-attention needs of one denoising step, as a constant. */
export interface StepConstant {
  readonly name: string;
  readonly shape: readonly number[];
  /** Whether every layer has its own; else one serves all. */
  readonly perLayer: boolean;
  /** Values for denoising step k (index into the timesteps given) and a layer. */
  readonly data: (k: number, layer: number) => Float32Array;
}

/**
 * Cross-attention from action tokens to the condition, cut along what it depends on: the observation
 * (once per chunk), the denoising step (constants), both.
 */
export interface CrossAttention {
  /** What follows from the observation alone. @param condition (To, Dc) */
  prepare(condition: Value): Value[];
  readonly stepConstants: readonly StepConstant[];
  /** The residual branch (T, E). */
  branch(layer: number, normed: Value, prepared: readonly Value[], step: readonly Value[]): Value;
}
