import type { TimedChunks } from './time_in_turn.js';

/**
 * The median time of a contender's chunks as if nothing else ran, ms: with one thread what its processor was at
 * work for it. Of several threads, which wait for each other, and of other processes there is only the clock.
 */
export function ownTime(
  { times, cpuTimes }: Pick<TimedChunks, 'times' | 'cpuTimes'>,
  threads: number,
): number {
  const own = threads === 1 && cpuTimes.length > 0 ? cpuTimes : times;
  return [...own].sort((a, b) => a - b)[own.length >> 1]!;
}
