import { blocksOf } from '../caching/blocks.js';
import { denoiserWeights } from '../compiler/denoiser_weights.js';
import {
  blockGraph,
  embeddingGraph,
  headGraph,
  memoryGraph,
} from '../compiler/interpreter_graphs.js';
import type { PolicyPackage } from '../policy/policy_package.js';

/** Multiply-adds of the network as it was trained, without any exact saving: what eager PyTorch does. */
export interface EagerCost {
  /** Condition encoder, embedding and head: at every step. */
  readonly perStep: number;
  /** Each block, in canonical order. */
  readonly blocks: readonly number[];
}

/** Counts them from the interpreter's graphs, which rearrange nothing. */
export function eagerCost(policy: PolicyPackage): EagerCost {
  const a = policy.manifest.architecture;
  const weights = denoiserWeights(policy.denoiser, a);
  const always = [memoryGraph, embeddingGraph, headGraph];
  return {
    perStep: always.reduce((sum, graph) => sum + graph(weights, a, 1).multiplyAdds, 0),
    blocks: blocksOf(a.layers).map((block) => blockGraph(weights, a, 1, block).multiplyAdds),
  };
}

/** Multiply-adds of a chunk. @param updates times each block is computed */
export function eagerChunkCost(
  { perStep, blocks }: EagerCost,
  steps: number,
  updates: (block: number) => number,
): number {
  return blocks.reduce((sum, cost, block) => sum + cost * updates(block), steps * perStep);
}
