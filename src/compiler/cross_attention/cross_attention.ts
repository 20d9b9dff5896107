import type { Value } from '../graph.js';

/** Something cross-attention needs of one denoising step, as a constant. */
export interface StepConstant {
  readonly name: string;
  /** (r, C) */
  readonly shape: readonly [number, number];
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
  /**
   * What follows from the observation alone, each (L, R, C), or (1, R, C) where one serves all layers.
   * @param condition (To, Dc)
   */
  prepare(condition: Value): Value[];
  readonly stepConstants: readonly StepConstant[];
  /**
   * Observation and denoising step put together, for n layers at once.
   * @param prepared of these layers, (n R, C), or (R, C) where one serves all
   * @param step their constants, (n r, C), or (r, C)
   * @returns per layer, what `branch` takes
   */
  pieces(prepared: readonly Value[], step: readonly Value[], layers: number): Value[][];
  /**
   * The residual branch of a normed stream, not yet scaled and shifted: (T, E) -> (T, E).
   * @param tokens which of the T tokens `normed` holds; absent = all
   */
  branch(layer: number, normed: Value, pieces: readonly Value[], tokens?: readonly number[]): Value;
}
