import assert from 'node:assert/strict';
import type { ErrorStatistics } from '../../../src/caching/error_statistics.js';
import { budgetPicks } from '../../../src/report/facts/budget_picks.js';
import type { TimeFacts } from '../../../src/report/facts/report_facts.js';

function row(name: string, medianMs: number | null, high: number, other = false) {
  return {
    name,
    method: name,
    cost: medianMs ?? 1,
    time: medianMs === null ? null : ({ median_ms: medianMs } as TimeFacts),
    error: { rms: { value: high / 2, low: 0, high } } as ErrorStatistics,
    other_solver: other,
  };
}

describe('budgetPicks', () => {
  const noise_spread = { difference: 30 };
  const picked = (...rows: ReturnType<typeof row>[]): [string, number][] =>
    budgetPicks({ rows, noise_spread }).map(({ row: { name }, share }) => [name, share]);

  it('takes the fastest below the spread, below a third and below a tenth of it', () => {
    assert.deepEqual(
      picked(row('wild', 1, 31), row('fast', 2, 29), row('good', 5, 10), row('best', 9, 2.9)),
      [
        ['fast', 1],
        ['good', 1 / 3],
        ['best', 1 / 10],
      ],
    );
  });

  it('names a plan once, and none that has to be run step by step or draws other samples', () => {
    assert.deepEqual(picked(row('good', 5, 2), row('online', null, 1), row('ddim', 1, 20, true)), [
      ['good', 1],
    ]);
  });

  it('judges by the upper end of the interval', () => {
    assert.deepEqual(picked(row('unsure', 1, 30.1)), []);
  });
});
