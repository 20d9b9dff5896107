import type { Architecture } from '../../policy/manifest.js';
import type { DenoiserWeights } from '../denoiser_weights.js';
import type { GraphBuilder, Value } from '../graph.js';
import { additiveMask, attend, foldNorm, linear } from '../layers.js';
import { memoryMask } from './memory_mask.js';

/** Cross-attention with keys and values (keys, E) at hand. */
export function projectedAttention(
  graph: GraphBuilder,
  weights: DenoiserWeights,
  a: Architecture,
  layer: number,
  normed: Value,
  keys: Value,
  values: Value,
): Value {
  const { crossAttention: attention, norm2 } = weights.layers[layer]!;
  const count = 1 + a.n_obs_steps;
  const batch = (x: Value): Value => graph.reshape(x, [1, ...x.shape]);
  const query = linear(graph, `cross.${layer}.query`, foldNorm(norm2, attention.query), normed);
  const sees = memoryMask(a);
  const attended = attend(graph, batch(query), batch(keys), batch(values), {
    heads: a.heads,
    ...(sees && {
      mask: graph.constant('memory_mask', [1, 1, a.horizon, count], () =>
        additiveMask(a.horizon, count, sees),
      ),
    }),
  });
  return linear(graph, `cross.${layer}.out`, attention.output, attended);
}
