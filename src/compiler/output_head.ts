import { type DenoiserWeights } from './denoiser_weights.js';
import { foldNorm, plainNorm } from './layers.js';
import type { GraphBuilder, Value } from './graph.js';
import { toFloat32 } from './linalg.js';

/**
 * The embedded sample: (T, A) -> (T, E).
 * @param bias (T, E): what is added, usually positions and the layer's bias
 * @param scale of the sample
 */
export function embed(
  graph: GraphBuilder,
  { inputEmbedding: { weight } }: DenoiserWeights,
  sample: Value,
  bias: Value,
  scale = 1,
): Value {
  const constant = graph.constant('embedding.weight', [weight.rows, weight.columns], () =>
    toFloat32(weight),
  );
  return graph.gemm(sample, constant, bias, { alpha: scale });
}

/**
 * The network's output times a factor: (T, E) -> (T, A). The final LayerNorm's scale and shift are
 * folded into the head.
 */
export function outputHead(
  graph: GraphBuilder,
  { finalNorm, head }: DenoiserWeights,
  x: Value,
  factor = 1,
): Value {
  const folded = foldNorm(finalNorm, head);
  return graph.gemm(
    plainNorm(graph, x),
    graph.constant('head.weight', [folded.weight.rows, folded.weight.columns], () =>
      toFloat32(folded.weight),
    ),
    graph.constant('head.bias', [folded.bias.length], () => folded.bias),
    { alpha: factor, beta: factor },
  );
}
