import assert from 'node:assert/strict';
import { isBest } from '../../../src/report/facts/best_rows.js';

describe('isBest', () => {
  const rows = [
    { error: 10, ms: 5, cost: 0.1 },
    { error: 8, ms: 6, cost: 0.09 },
    { error: 10, ms: 5, cost: 0.2 },
    { error: 3, ms: null, cost: 0.5 },
    { error: null, ms: 1, cost: 0.01 },
  ];
  const best = (by: 'ms' | 'cost'): number[] =>
    rows.flatMap((row, i) => (isBest(row, rows, by) ? [i] : []));

  it('is what nothing beats at its time, equals included', () => {
    assert.deepEqual(best('ms'), [0, 1, 2]);
  });

  it('is what nothing beats at its cost', () => {
    assert.deepEqual(best('cost'), [1, 3]);
  });
});
