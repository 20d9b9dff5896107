import type { Numerics } from '../caching/plan_fields.js';
import type { Architecture } from '../policy/manifest.js';
import type { DenoiserWeights } from './denoiser_weights.js';
import type { GraphBuilder, Value } from './graph.js';
import { matrix } from './linalg.js';

/**
 * Rows that ONNX Runtime's matrix kernel takes through the weights together (MLAS on AVX-512; on AVX2 half
 * as many). What is left over is gone through in pieces of 6, 3 and 1, and each piece streams the weights
 * again: 12 tokens take less time than 10.
 */
const KERNEL_ROWS = 12;

/** Tokens to compute with, so that the matrix kernel is well filled: 10 -> 12, but 14 -> 14. */
function paddedTokens(horizon: number): number {
  const rest = horizon % KERNEL_ROWS;
  return rest > KERNEL_ROWS / 2 ? horizon + KERNEL_ROWS - rest : horizon;
}

/** Tokens to compute with. What is quantised has the range of all tokens: idle ones would only widen it. */
export function tokensToCompute(horizon: number, numerics: Numerics): number {
  return numerics.kind === 'int8' ? horizon : paddedTokens(horizon);
}

/**
 * The same network with idle tokens after the last one. They start at zero, no real token looks at them
 * (self-attention has to mask them where it is not causal), and they are cut off at the end.
 * @param horizon tokens with the idle ones
 */
export function padTokens(
  weights: DenoiserWeights,
  a: Architecture,
  horizon: number,
): { readonly weights: DenoiserWeights; readonly architecture: Architecture } {
  const positions = new Float32Array(horizon * a.embedding);
  positions.set(weights.positions.data);
  return {
    weights: { ...weights, positions: matrix(horizon, a.embedding, positions) },
    architecture: { ...a, horizon },
  };
}

/** Zeros appended along an axis up to `size`. */
export function padWithZeros(graph: GraphBuilder, x: Value, axis: number, size: number): Value {
  const missing = size - x.shape[axis]!;
  if (missing === 0) return x;
  const shape = x.shape.with(axis, missing);
  const count = shape.reduce((product, length) => product * length, 1);
  const zeros = graph.constant(`zeros_${shape.join('_')}`, shape, () => new Float32Array(count));
  return graph.concat([x, zeros], axis);
}
