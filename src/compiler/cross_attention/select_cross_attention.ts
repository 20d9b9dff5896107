import type { Architecture } from '../../policy/manifest.js';
import type { DenoiserWeights } from '../denoiser_weights.js';
import type { GraphBuilder } from '../graph.js';
import type { CrossAttention } from './cross_attention.js';
import type { Int8Blocks } from '../int8_blocks.js';
import { FoldedCrossAttention } from './folded_cross_attention.js';
import type { Eviction } from './memory_mask.js';
import { MixedCrossAttention } from './mixed_cross_attention.js';
import { ProjectedCrossAttention } from './projected_cross_attention.js';

/**
 * Picks the cheapest exact form for an architecture.
 * @param timesteps one per denoising step
 * @param eviction of memory tokens
 */
export function selectCrossAttention(
  graph: GraphBuilder,
  weights: DenoiserWeights,
  a: Architecture,
  timesteps: readonly number[],
  int8: Int8Blocks,
  eviction?: Eviction,
): CrossAttention {
  if (weights.conditionEncoder.kind === 'transformer') {
    return new MixedCrossAttention(graph, weights, a, timesteps, int8, eviction);
  }
  const keys = a.heads * (1 + a.n_obs_steps);
  // Folded: 2 T E (heads keys) multiply-adds a block; projected: 2 T E E.
  return keys <= a.embedding
    ? new FoldedCrossAttention(graph, weights, a, timesteps, int8, eviction)
    : new ProjectedCrossAttention(graph, weights, a, timesteps, int8, eviction);
}
