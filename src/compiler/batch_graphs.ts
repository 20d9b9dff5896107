import type { Architecture } from '../policy/manifest.js';
import { memoryMask } from './cross_attention/memory_mask.js';
import type { DenoiserWeights } from './denoiser_weights.js';
import { GraphBuilder, type OnnxGraph, type Value } from './graph.js';
import {
  additiveMask,
  besideLinear,
  foldNorm,
  joinSelfAttention,
  linear,
  plainNorm,
} from './layers.js';
import { embed, outputHead } from './output_head.js';
import { toFloat32 } from './linalg.js';

/**
 * Keys and values of the condition's tokens for the cross-attention of all layers: `memory` (B, 1 + To, E)
 * -> `keys_values` (B, 1 + To, 2 L E).
 */
export function keysValuesGraph(
  weights: DenoiserWeights,
  a: Architecture,
  batch: number,
): OnnxGraph {
  const g = new GraphBuilder();
  const tokens = 1 + a.n_obs_steps;
  const memory = g.reshape(g.input('memory', [batch, tokens, a.embedding]), [
    batch * tokens,
    a.embedding,
  ]);
  const parts = weights.layers.flatMap(({ crossAttention: { key, value } }) => [key, value]);
  const projected = linear(g, 'keys_values', besideLinear(parts), memory);
  return g.finish({
    keys_values: g.reshape(projected, [batch, tokens, 2 * a.layers * a.embedding]),
  });
}

/**
 * The whole network as one graph for a batch: `sample` (B, T, A), `keys_values` (B, S, 2 L E) -> `output`
 * (B, T, A). With `time` (1, 1, 2 L E) as a third input, the token of the timestep is not among the S, but the
 * same for all samples.
 */
export function networkGraph(
  weights: DenoiserWeights,
  a: Architecture,
  batch: number,
  timeApart: boolean,
): OnnxGraph {
  const g = new GraphBuilder();
  const { horizon, embedding: e, layers, heads } = a;
  const rows = batch * horizon;
  const keys = 1 + a.n_obs_steps;
  const given = g.input('keys_values', [batch, timeApart ? a.n_obs_steps : keys, 2 * layers * e]);
  const all = timeApart ? withTime(g, given, g.input('time', [1, 1, 2 * layers * e])) : given;
  const memory = g.split(all, Array<number>(2 * layers).fill(e), 2);
  const sees = memoryMask(a);
  const mask =
    sees && g.constant('mask', [1, 1, horizon, keys], () => additiveMask(horizon, keys, sees));
  const attend = (q: Value, k: Value, v: Value, causal: boolean, bias?: Value): Value =>
    g.reshape(
      g.node(
        'MultiHeadAttention',
        bias ? [q, k, v, undefined, undefined, bias] : [q, k, v],
        [batch, horizon, e],
        causal ? { num_heads: heads, unidirectional: 1 } : { num_heads: heads },
        { domain: 'com.microsoft', multiplyAdds: 2 * rows * k.shape[1]! * e },
      ),
      [rows, e],
    );
  const sample = g.reshape(g.input('sample', [batch, horizon, a.action_dim]), [rows, a.action_dim]);
  const bias = g.constant('embedding.bias', [e], () => weights.inputEmbedding.bias);
  const positions = g.constant('positions', [1, horizon, e], () => toFloat32(weights.positions));
  const embedded = g.reshape(embed(g, weights, sample, bias), [batch, horizon, e]);
  let x = g.reshape(g.add(embedded, positions), [rows, e]);
  for (const [i, layer] of weights.layers.entries()) {
    const self = joinSelfAttention(layer.selfAttention, layer.norm1);
    const projected = linear(g, `${i}.self.in`, self.input, plainNorm(g, x));
    const [q, k, v] = g.split(g.reshape(projected, [batch, horizon, 3 * e]), [e, e, e], 2) as [
      Value,
      Value,
      Value,
    ];
    x = g.add(x, linear(g, `${i}.self.out`, self.output, attend(q, k, v, a.causal)));
    const query = linear(
      g,
      `${i}.cross.in`,
      foldNorm(layer.norm2, layer.crossAttention.query),
      plainNorm(g, x),
    );
    const attended = attend(
      g.reshape(query, [batch, horizon, e]),
      memory[2 * i]!,
      memory[2 * i + 1]!,
      false,
      mask,
    );
    x = g.add(x, linear(g, `${i}.cross.out`, layer.crossAttention.output, attended));
    const hidden = linear(g, `${i}.expand`, foldNorm(layer.norm3, layer.expand), plainNorm(g, x));
    x = g.add(x, linear(g, `${i}.contract`, layer.contract, g.gelu(hidden)));
  }
  return g.finish({
    output: g.reshape(outputHead(g, weights, x), [batch, horizon, a.action_dim]),
  });
}

function withTime(g: GraphBuilder, observed: Value, time: Value): Value {
  const shape = [observed.shape[0]!, 1, observed.shape[2]!];
  const zeros = g.constant('zeros', shape, () => new Float32Array(shape[0]! * shape[2]!));
  return g.concat([g.add(zeros, time), observed], 1);
}
