import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  adaptiveCachingSchedule,
  OBJECTIVES,
  type Objective,
} from '../../src/caching/adaptive_caching_scheduler.js';
import { squareMatrix, type SquareMatrix } from '../../src/caching/square_matrix.js';

/** Score of a schedule, straight from the definition of the objective. */
function scoreOf(s: SquareMatrix, schedule: readonly number[], objective: Objective): number {
  const at = (a: number, t: number): number => s.values[a * s.size + t]!;
  let total = 0;
  for (const [i, a] of schedule.entries()) {
    const end = schedule[i + 1] ?? s.size;
    let segment = 0;
    for (let t = a; t < end; t++) {
      if (objective === 'anchor') segment += at(a, t);
      else if (t > a) segment += at(t - 1, t);
    }
    total += segment;
  }
  return total;
}

/** Every choice of `updates` ascending steps below `steps` that starts with 0. */
function allSchedules(steps: number, updates: number): number[][] {
  const extend = (schedule: number[]): number[][] => {
    if (schedule.length === updates) return [schedule];
    const from = schedule.at(-1)! + 1;
    return Array.from({ length: steps - from }, (_, i) => extend([...schedule, from + i])).flat();
  };
  return extend([0]);
}

/** Negative when `a` has the earlier last segment start, then the earlier one before, and so on. */
function compareFromTheEnd(a: readonly number[], b: readonly number[]): number {
  for (let i = a.length - 1; i >= 0; i--) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return 0;
}

/** Matrices of small integers: sums are exact and ties are frequent. */
const tied = fc
  .integer({ min: 1, max: 9 })
  .chain((size) =>
    fc
      .array(fc.integer({ min: -3, max: 3 }), { minLength: size * size, maxLength: size * size })
      .map((entries) => squareMatrix(size, (a, b) => entries[a * size + b]!)),
  );

describe('adaptiveCachingSchedule', () => {
  for (const objective of OBJECTIVES) {
    for (const maximise of [true, false]) {
      const way = `${objective}, ${maximise ? 'maximised' : 'minimised'}`;

      it(`is the best schedule of an exhaustive search, earliest borders first: ${way}`, () => {
        fc.assert(
          fc.property(tied, fc.nat(), (matrix, pick) => {
            const updates = 1 + (pick % matrix.size);
            const sign = maximise ? -1 : 1;
            const expected = allSchedules(matrix.size, updates).sort(
              (a, b) =>
                sign * (scoreOf(matrix, a, objective) - scoreOf(matrix, b, objective)) ||
                compareFromTheEnd(a, b),
            )[0];
            assert.deepEqual(
              adaptiveCachingSchedule(matrix, { updates, objective, maximise }),
              expected,
            );
          }),
          { numRuns: 300 },
        );
      });

      it(`reaches the best value for any real matrix: ${way}`, () => {
        const real = fc.integer({ min: 1, max: 8 }).chain((size) =>
          fc
            .array(fc.double({ min: -1, max: 1, noNaN: true }), {
              minLength: size * size,
              maxLength: size * size,
            })
            .map((entries) => squareMatrix(size, (a, b) => entries[a * size + b]!)),
        );
        fc.assert(
          fc.property(real, fc.nat(), (matrix, pick) => {
            const updates = 1 + (pick % matrix.size);
            const found = adaptiveCachingSchedule(matrix, { updates, objective, maximise });
            const scores = allSchedules(matrix.size, updates).map((schedule) =>
              scoreOf(matrix, schedule, objective),
            );
            const best = maximise ? Math.max(...scores) : Math.min(...scores);
            assert.ok(Math.abs(scoreOf(matrix, found, objective) - best) < 1e-12);
          }),
        );
      });
    }

    it(`never gets worse with more updates on distances: ${objective}`, () => {
      const distances = fc
        .array(fc.nat(50), { minLength: 2, maxLength: 10 })
        .map((points) => squareMatrix(points.length, (a, b) => Math.abs(points[a]! - points[b]!)));
      fc.assert(
        fc.property(distances, (matrix) => {
          let last = Infinity;
          for (let updates = 1; updates <= matrix.size; updates++) {
            const options = { updates, objective, maximise: false };
            const score = scoreOf(matrix, adaptiveCachingSchedule(matrix, options), objective);
            assert.ok(score <= last);
            last = score;
          }
          assert.equal(last, 0);
        }),
      );
    });
  }

  it('puts the updates where the features change', () => {
    const level = [0, 0, 0, 5, 5, 5, 5, 9, 9, 9];
    const matrix = squareMatrix(10, (a, b) => Math.abs(level[a]! - level[b]!));
    const options = { updates: 3, objective: 'anchor', maximise: false } as const;
    assert.deepEqual(adaptiveCachingSchedule(matrix, options), [0, 3, 7]);
  });

  it('refuses budgets outside 1..K and matrices with holes', () => {
    const matrix = squareMatrix(4, () => 1);
    for (const updates of [0, 5, 1.5, NaN, -1]) {
      assert.throws(
        () => adaptiveCachingSchedule(matrix, { updates, objective: 'anchor', maximise: true }),
        /updates must be an integer from 1 to 4/,
      );
    }
    const holed = squareMatrix(4, (a, b) => (a === 1 && b === 2 ? NaN : 1));
    assert.throws(
      () => adaptiveCachingSchedule(holed, { updates: 2, objective: 'anchor', maximise: true }),
      /not finite/,
    );
  });
});
