import type { Architecture } from '../../policy/manifest.js';

/** Memory tokens that cross-attention stops to look at (Sparse-dLLM, arXiv 2508.02558). */
export interface Eviction {
  readonly from_step: number;
  /** Tokens that stay, the time token among them. */
  readonly keep: readonly number[];
}

/**
 * Query t may look at key s when t >= s - 1: the time token and observations up to its own time; from a step on
 * at none that was evicted.
 * @returns undefined where every query sees every key
 */
export function memoryMask(
  a: Architecture,
  eviction?: Eviction,
  step = 0,
): ((query: number, key: number) => boolean) | undefined {
  const evicts = eviction !== undefined && step >= eviction.from_step;
  if (!evicts) return a.causal ? (query, key) => query >= key - 1 : undefined;
  const kept = new Set(eviction.keep);
  return (query, key) => kept.has(key) && (!a.causal || query >= key - 1);
}
