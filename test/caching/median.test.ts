import assert from 'node:assert/strict';
import { median } from '../../src/caching/median.js';

describe('median', () => {
  it('is the middle of an odd number of values, whatever their order', () => {
    const values = [10, -3, 2];
    assert.equal(median(values), 2);
    assert.deepEqual(values, [10, -3, 2]);
  });

  it('is the mean of the two in the middle of an even number', () => {
    assert.equal(median(new Float32Array([4, 100, 1, 2])), 3);
  });

  it('is no number where there is no value', () => {
    assert.equal(median([]), NaN);
  });
});
