import { withFinalUpdate } from '../../src/caching/final_update.js';
import { uniformSchedule } from '../../src/caching/uniform_schedule.js';
import { SeededRandom } from './seeded_random.js';

/** Schedules of all blocks in canonical order. */
export type Schedules = readonly (readonly number[])[];

/** Every block at every step. */
export function dense(blocks: number, steps: number): Schedules {
  return unified(
    blocks,
    Array.from({ length: steps }, (_, k) => k),
  );
}

/** One schedule for all blocks. */
export function unified(blocks: number, updates: readonly number[]): Schedules {
  return Array.from({ length: blocks }, () => updates);
}

/** `count` updates at random steps, the first at 0; every block its own. */
export function randomSchedules(
  blocks: number,
  steps: number,
  seed: number,
  count?: number,
): Schedules {
  const random = new SeededRandom(seed);
  return Array.from({ length: blocks }, () => {
    const updates = new Set([0]);
    const wanted = Math.min(steps, count ?? 1 + random.below(steps));
    while (updates.size < wanted) updates.add(random.below(steps));
    return [...updates].sort((a, b) => a - b);
  });
}

/**
 * The shape of plans that BAC makes: S updates per block, some blocks with the union of several schedules, and
 * the last step an update of all.
 */
export function bacLike(blocks: number, steps: number, updates: number, seed: number): Schedules {
  const schedules = randomSchedules(blocks, steps, seed, updates);
  return schedules.map((own, block) => {
    const union = block % 3 === 1 ? own : [...own, ...schedules[blocks - 1]!];
    return withFinalUpdate(
      [...new Set(union)].sort((a, b) => a - b),
      steps,
    );
  });
}

/** Updates with 1, 2, 3, ... steps of reuse between them: every length of run there is room for. */
export function growingRuns(blocks: number, steps: number): Schedules {
  const updates = [0];
  for (let length = 1; updates.at(-1)! + length + 1 < steps; length++) {
    updates.push(updates.at(-1)! + length + 1);
  }
  return unified(blocks, updates);
}

/** Kinds of plans that stress different parts of the compiled graph, by name. */
export function plansOf(blocks: number, steps: number): Readonly<Record<string, Schedules>> {
  const last = steps - 1;
  return {
    'a single update': unified(blocks, [0]),
    'updates at both ends': unified(blocks, [0, last]),
    'runs of reuse of 1, 2, 3, ... steps': growingRuns(blocks, steps),
    'uniform, 5 updates': unified(blocks, uniformSchedule(steps, Math.min(5, steps))),
    'like BAC': bacLike(blocks, steps, Math.ceil(steps / 10), 3),
    'random per block': randomSchedules(blocks, steps, 1),
    'few random updates per block': randomSchedules(blocks, steps, 2, 3),
    'dense but for one block': dense(blocks, steps).with(blocks - 2, [0, last]),
  };
}
