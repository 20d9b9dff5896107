import type { Architecture } from '../../policy/manifest.js';
import type { DenoiserWeights } from '../denoiser_weights.js';
import type { GraphBuilder, Value } from '../graph.js';
import { additiveMask, attend, foldNorm, type linear } from '../layers.js';
import type { StepConstant } from './cross_attention.js';
import { type Eviction, memoryMask } from './memory_mask.js';

/**
 * Cross-attention with keys and values at hand.
 * @param memory keys and values, (1, keys, E) each; the mask (T, keys) that is added to the scores, where there
 *   is one; `product` makes the products with weights
 */
export function projectedAttention(
  graph: GraphBuilder,
  weights: DenoiserWeights,
  a: Architecture,
  layer: number,
  normed: Value,
  {
    keys,
    values,
    mask,
    product,
  }: {
    readonly keys: Value;
    readonly values: Value;
    readonly mask: Value | undefined;
    readonly product: typeof linear;
  },
): Value {
  const { crossAttention: attention, norm2 } = weights.layers[layer]!;
  const query = product(graph, `cross.${layer}.query`, foldNorm(norm2, attention.query), normed);
  const attended = attend(graph, graph.reshape(query, [1, ...query.shape]), keys, values, {
    heads: a.heads,
    ...(mask && { mask: graph.reshape(mask, [1, 1, ...mask.shape]) }),
  });
  return product(graph, `cross.${layer}.out`, attention.output, attended);
}

/** The mask (T, keys) of every step, where a query does not see every key. */
export function maskConstant(a: Architecture, eviction: Eviction | undefined): StepConstant[] {
  if (!memoryMask(a) && !eviction) return [];
  const count = 1 + a.n_obs_steps;
  const data = (k: number): Float32Array =>
    additiveMask(a.horizon, count, memoryMask(a, eviction, k) ?? (() => true));
  return [{ name: 'mask', shape: [a.horizon, count], perLayer: false, data }];
}
