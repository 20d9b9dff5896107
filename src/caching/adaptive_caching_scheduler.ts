import type { SquareMatrix } from './square_matrix.js';

/**
 * What a segment of steps a..b, updated at a and reused up to b, scores. `anchor` (what the authors' code
 * does): sum over t = a..b of S[a][t], every step compared with the update it reuses. `consecutive` (the
 * paper's formula): sum over t = a+1..b of S[t-1][t], every step compared with the one before.
 */
export const OBJECTIVES = ['anchor', 'consecutive'] as const;

/** Name of a segment score. */
export type Objective = (typeof OBJECTIVES)[number];

/** What {@link adaptiveCachingSchedule} optimises. */
export interface SchedulerOptions {
  /** S, number of updates, 1..K. */
  readonly updates: number;
  readonly objective: Objective;
  /** True for similarities (cosine), false for distances (l1, l2, mse). */
  readonly maximise: boolean;
}

/**
 * Adaptive Caching Scheduler (ACS, arXiv 2506.13456): the S update steps that cut the K steps into segments
 * with the best total score, by dynamic programming in O(S K^2) time. The first segment starts at step 0. Of
 * schedules that score the same, the one whose last segment starts earliest wins, then the one before it,
 * and so on, as in the authors' code. `consecutive` scores with a similarity add up fewer terms the more
 * segments there are, so only schedules of the same S compare.
 * @param similarity S, (K, K): entry (a, t) compares the block's features at steps a and t
 * @returns S step indices, ascending, the first 0
 * @throws RangeError unless 1 <= S <= K and every entry on or above the diagonal is finite
 */
export function adaptiveCachingSchedule(
  similarity: SquareMatrix,
  { updates, objective, maximise }: SchedulerOptions,
): number[] {
  const steps = similarity.size;
  if (!Number.isInteger(updates) || updates < 1 || updates > steps) {
    throw new RangeError(`updates must be an integer from 1 to ${steps}, not ${updates}`);
  }
  const score = segmentScores(similarity, objective);
  const worst = maximise ? -Infinity : Infinity;
  /** Best score of steps 0..end in the number of segments reached so far. */
  let best = score.slice(0, steps);
  /** Per number of segments - 2: where the last segment of the best cut of steps 0..end starts. */
  const starts: Int32Array[] = [];
  for (let segments = 2; segments <= updates; segments++) {
    const next = new Float64Array(steps).fill(worst);
    const startOf = new Int32Array(steps);
    for (let end = segments - 1; end < steps; end++) {
      for (let start = segments - 1; start <= end; start++) {
        const value = best[start - 1]! + score[start * steps + end]!;
        if (maximise ? value > next[end]! : value < next[end]!) {
          next[end] = value;
          startOf[end] = start;
        }
      }
    }
    best = next;
    starts.push(startOf);
  }
  const schedule: number[] = [];
  for (let end = steps - 1; starts.length > 0; end = schedule[0]! - 1) {
    schedule.unshift(starts.pop()![end]!);
  }
  return [0, ...schedule];
}

/** Score of every segment a..b, (K, K) row-major; entries with b < a stay 0 and are not read. */
function segmentScores({ size, values }: SquareMatrix, objective: Objective): Float64Array {
  const score = new Float64Array(size * size);
  for (let a = 0; a < size; a++) {
    let sum = 0;
    for (let b = a; b < size; b++) {
      if (objective === 'anchor') sum += values[a * size + b]!;
      else if (b > a) sum += values[(b - 1) * size + b]!;
      if (!Number.isFinite(sum)) throw new RangeError(`similarity (${a}, ${b}) is not finite`);
      score[a * size + b] = sum;
    }
  }
  return score;
}
