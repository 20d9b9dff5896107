import assert from 'node:assert/strict';
import { logAxis } from '../../../src/report/charts/log_axis.js';

describe('logAxis', () => {
  it('holds all values with room on both sides, equal ratios equally far apart', () => {
    const { min, max, at } = logAxis([0.02, 0.2, 1]);
    assert.ok(min < 0.02 && max > 1);
    assert.ok(Math.abs(at(0.2) - at(0.02) - (at(1) - at(0.1))) < 1e-12);
    assert.deepEqual([at(min), at(max), at(max * 10)], [0, 1, 1]);
  });

  it('marks 1, 2, 5 of each decade, powers of ten where these are too many', () => {
    assert.deepEqual(logAxis([0.02, 1]).marks, [0.02, 0.05, 0.1, 0.2, 0.5, 1]);
    assert.deepEqual(logAxis([0.001, 900]).marks, [0.001, 0.01, 0.1, 1, 10, 100, 1000]);
  });

  it('has marks also where all values are one, or there is none', () => {
    assert.ok(logAxis([3, 3]).max > 3 && logAxis([3, 3]).min < 3);
    assert.ok(logAxis([]).marks.length > 0);
    assert.ok(logAxis([0, 5]).min > 0, 'zero has no logarithm');
  });
});
