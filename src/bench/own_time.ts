import type { TimedChunks } from './time_in_turn.js';

/** Of chunks by several threads, the share that others disturbed least. */
const UNDISTURBED = 0.1;

/**
 * The time of a contender's chunks as if nothing else ran, ms. With one thread, the median of what its processor was
 * at work for them. Several threads wait for each other, busily, and of other processes there is only the clock:
 * then it is what the fastest tenth of the chunks took at most.
 */
export function ownTime(
  { times, cpuTimes }: Pick<TimedChunks, 'times' | 'cpuTimes'>,
  threads: number,
): number {
  const byProcessor = threads === 1 && cpuTimes.length > 0;
  const sorted = [...(byProcessor ? cpuTimes : times)].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * (byProcessor ? 0.5 : UNDISTURBED))]!;
}
