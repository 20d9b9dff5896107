import {
  type Attention,
  LAYER_NORM_EPSILON,
  type LayerNorm,
  type Linear,
} from './denoiser_weights.js';
import type { GraphBuilder, Value } from './graph.js';
import { beside, multiply, plus, rowVector, scaleRows, toFloat32 } from './linalg.js';

/** x weight + bias: (R, in) -> (R, out), one Gemm. @param name of the two constants */
export function linear(graph: GraphBuilder, name: string, layer: Linear, x: Value): Value {
  const { weight, bias } = layer;
  return graph.gemm(
    x,
    graph.constant(`${name}.weight`, [weight.rows, weight.columns], () => toFloat32(weight)),
    graph.constant(`${name}.bias`, [weight.columns], () => bias),
  );
}

/** LayerNorm with its learned scale and shift. */
export function norm(graph: GraphBuilder, name: string, layer: LayerNorm, x: Value): Value {
  const width = x.shape.at(-1)!;
  return graph.layerNorm(
    x,
    graph.constant(`${name}.scale`, [width], () => layer.scale),
    graph.constant(`${name}.shift`, [width], () => layer.shift),
    LAYER_NORM_EPSILON,
  );
}

/** LayerNorm without scale and shift, for layers that have them folded in by {@link foldNorm}. */
export function plainNorm(graph: GraphBuilder, x: Value): Value {
  const width = x.shape.at(-1)!;
  const ones = graph.constant(`ones_${width}`, [width], () => new Float32Array(width).fill(1));
  return graph.layerNorm(x, ones, undefined, LAYER_NORM_EPSILON);
}

/** The linear layer after a LayerNorm with the norm's scale and shift folded into it. */
export function foldNorm({ scale, shift }: LayerNorm, { weight, bias }: Linear): Linear {
  const shifted = plus(multiply(rowVector(shift), weight), rowVector(bias));
  return { weight: scaleRows(scale, weight), bias: toFloat32(shifted) };
}

/** Self-attention with its three input projections joined into one (E, 3E). */
export interface SelfAttention {
  readonly input: Linear;
  readonly output: Linear;
}

/** Joins the input projections and folds the LayerNorm before them in. */
export function joinSelfAttention(
  { query, key, value, output }: Attention,
  before?: LayerNorm,
): SelfAttention {
  const input = besideLinear([query, key, value]);
  return { input: before ? foldNorm(before, input) : input, output };
}

/**
 * Multi-head self-attention: (T, E) -> (T, E), projections included.
 * @param x already normed
 */
export function selfAttention(
  graph: GraphBuilder,
  name: string,
  weights: SelfAttention,
  options: { readonly heads: number; readonly causal: boolean; readonly mask?: Value },
  x: Value,
): Value {
  const [tokens, width] = x.shape as [number, number];
  const projected = linear(graph, `${name}.in`, weights.input, x);
  const [q, k, v] = graph.split(
    graph.reshape(projected, [1, tokens, 3 * width]),
    [width, width, width],
    2,
  ) as [Value, Value, Value];
  return linear(graph, `${name}.out`, weights.output, attend(graph, q, k, v, options));
}

/**
 * softmax(q k^T / sqrt(d)) v per head, one fused node.
 * @param q (1, T, E)
 * @param k (1, S, E)
 * @param v (1, S, E)
 * @param options `causal`: query t sees keys up to t; `mask`: (1, 1, T, S), added to the scores
 * @returns (T, E)
 */
export function attend(
  graph: GraphBuilder,
  q: Value,
  k: Value,
  v: Value,
  options: { readonly heads: number; readonly causal?: boolean; readonly mask?: Value },
): Value {
  const [, tokens, width] = q.shape as [number, number, number];
  const keys = k.shape[1]!;
  const attended = graph.node(
    'MultiHeadAttention',
    options.mask ? [q, k, v, undefined, undefined, options.mask] : [q, k, v],
    [1, tokens, width],
    options.causal ? { num_heads: options.heads, unidirectional: 1 } : { num_heads: options.heads },
    { domain: 'com.microsoft', multiplyAdds: 2 * tokens * keys * width },
  );
  return graph.reshape(attended, [tokens, width]);
}

/** Additive attention mask (rows, keys): 0 where `sees`, else -Infinity. */
export function additiveMask(
  rows: number,
  keys: number,
  sees: (row: number, key: number) => boolean,
): Float32Array {
  return Float32Array.from({ length: rows * keys }, (_, i) =>
    sees(Math.floor(i / keys), i % keys) ? 0 : -Infinity,
  );
}

/** Layers with the same input as one layer, (in, sum of outs). */
export function besideLinear(parts: readonly Linear[]): Linear {
  return {
    weight: beside(parts.map((part) => part.weight)),
    bias: Float32Array.from(parts.flatMap((part) => [...part.bias])),
  };
}
