import type { Architecture } from '../../policy/manifest.js';

/** Query t may look at key s when t >= s - 1: the time token and observations up to its own time. */
export function memoryMask(a: Architecture): ((query: number, key: number) => boolean) | undefined {
  return a.causal ? (query, key) => query >= key - 1 : undefined;
}
