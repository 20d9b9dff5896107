import type { Block } from './blocks.js';

/** A block with what the Bubbling Union Algorithm needs to know of it. */
export interface ScheduledBlock {
  readonly block: Block;
  /** Block error, see `blockError`. */
  readonly error: number;
  /** Update steps, ascending. */
  readonly updates: readonly number[];
}

/**
 * Bubbling Union Algorithm (BUA, arXiv 2506.13456): errors of late feed-forward blocks bubble up through the
 * blocks before them, so the n blocks with the largest error also update whenever a feed-forward block of
 * their own or a later layer does. All unions take the schedules from before any union. Of blocks with equal
 * errors the one earlier in `scheduled` is chosen.
 * @param scheduled every block with its schedule, in canonical order
 * @param count n, how many blocks get the union, 0..3L
 * @returns the schedules, in the order given
 * @throws RangeError when n is out of range or an error is not a number
 */
export function bubblingUnion(scheduled: readonly ScheduledBlock[], count: number): number[][] {
  if (!Number.isInteger(count) || count < 0 || count > scheduled.length) {
    throw new RangeError(`bubbling blocks must be 0 to ${scheduled.length}, not ${count}`);
  }
  if (scheduled.some(({ error }) => !Number.isFinite(error))) {
    throw new RangeError('a block has no error measured');
  }
  const chosen = new Set([...scheduled].sort((a, b) => b.error - a.error).slice(0, count));
  return scheduled.map((entry) => {
    if (!chosen.has(entry)) return [...entry.updates];
    const later = scheduled.filter(
      ({ block }) => block.kind === 'feed_forward' && block.layer >= entry.block.layer,
    );
    const union = new Set([entry, ...later].flatMap(({ updates }) => updates));
    return [...union].sort((a, b) => a - b);
  });
}
