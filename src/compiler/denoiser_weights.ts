import type { Architecture } from '../policy/manifest.js';
import type { Weights } from '../policy/policy_package.js';
import { columns, matrix, type Matrix, transpose } from './linalg.js';

/** y = x weight + bias; weight (in, out), the transpose of what PyTorch stores. */
export interface Linear {
  readonly weight: Matrix;
  readonly bias: Float32Array;
}

/** Scale and shift of a LayerNorm, each (E). */
export interface LayerNorm {
  readonly scale: Float32Array;
  readonly shift: Float32Array;
}

/** Attention with its four projections, all (E, E). */
export interface Attention {
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  readonly output: Linear;
}

/** One pre-norm layer of the condition encoder. */
export interface EncoderLayer {
  readonly norm1: LayerNorm;
  readonly selfAttention: Attention;
  readonly norm2: LayerNorm;
  readonly expand: Linear;
  readonly contract: Linear;
}

/** One pre-norm decoder layer: three residual branches, each behind its LayerNorm. */
export interface DecoderLayer extends EncoderLayer {
  readonly crossAttention: Attention;
  readonly norm3: LayerNorm;
}

/** The condition encoder: a perceptron per token, or transformer layers over all tokens. */
export type ConditionEncoder =
  | { readonly kind: 'perceptron'; readonly expand: Linear; readonly contract: Linear }
  | { readonly kind: 'transformer'; readonly layers: readonly EncoderLayer[] };

/** All weights of the denoising network, in the order it uses them. */
export interface DenoiserWeights {
  readonly inputEmbedding: Linear;
  /** (T, E) */
  readonly positions: Matrix;
  readonly observationEmbedding: Linear;
  /** (1 + To, E): the time token first. */
  readonly conditionPositions: Matrix;
  readonly conditionEncoder: ConditionEncoder;
  readonly layers: readonly DecoderLayer[];
  readonly finalNorm: LayerNorm;
  readonly head: Linear;
}

/** PyTorch's default, which the policy does not change. */
export const LAYER_NORM_EPSILON = 1e-5;

/** Reads the weights by their upstream names. @throws BadInput for a missing or wrongly shaped one */
export function denoiserWeights(weights: Weights, a: Architecture): DenoiserWeights {
  const e = a.embedding;
  const linear = (name: string, inSize: number, outSize: number): Linear => ({
    weight: transpose(
      matrix(outSize, inSize, weights.get(`${name}.weight`, [outSize, inSize]).data),
    ),
    bias: weights.get(`${name}.bias`, [outSize]).data,
  });
  const norm = (name: string): LayerNorm => ({
    scale: weights.get(`${name}.weight`, [e]).data,
    shift: weights.get(`${name}.bias`, [e]).data,
  });
  const attention = (name: string): Attention => {
    const joint = transpose(
      matrix(3 * e, e, weights.get(`${name}.in_proj_weight`, [3 * e, e]).data),
    );
    const bias = weights.get(`${name}.in_proj_bias`, [3 * e]).data;
    const part = (i: number): Linear => ({
      weight: columns(joint, i * e, (i + 1) * e),
      bias: bias.subarray(i * e, (i + 1) * e),
    });
    return {
      query: part(0),
      key: part(1),
      value: part(2),
      output: linear(`${name}.out_proj`, e, e),
    };
  };
  const encoderLayer = (name: string): EncoderLayer => ({
    norm1: norm(`${name}.norm1`),
    selfAttention: attention(`${name}.self_attn`),
    norm2: norm(`${name}.norm2`),
    expand: linear(`${name}.linear1`, e, 4 * e),
    contract: linear(`${name}.linear2`, 4 * e, e),
  });
  const decoderLayer = (name: string): DecoderLayer => ({
    ...encoderLayer(name),
    crossAttention: attention(`${name}.multihead_attn`),
    norm3: norm(`${name}.norm3`),
  });
  const indices = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
  return {
    inputEmbedding: linear('input_emb', a.action_dim, e),
    positions: matrix(a.horizon, e, weights.get('pos_emb', [1, a.horizon, e]).data),
    observationEmbedding: linear('cond_obs_emb', a.condition_dim, e),
    conditionPositions: matrix(
      1 + a.n_obs_steps,
      e,
      weights.get('cond_pos_emb', [1, 1 + a.n_obs_steps, e]).data,
    ),
    conditionEncoder:
      a.n_cond_layers === 0
        ? {
            kind: 'perceptron',
            expand: linear('encoder.0', e, 4 * e),
            contract: linear('encoder.2', 4 * e, e),
          }
        : {
            kind: 'transformer',
            layers: indices(a.n_cond_layers).map((i) => encoderLayer(`encoder.layers.${i}`)),
          },
    layers: indices(a.layers).map((i) => decoderLayer(`decoder.layers.${i}`)),
    finalNorm: norm('ln_f'),
    head: linear('head', e, a.action_dim),
  };
}
