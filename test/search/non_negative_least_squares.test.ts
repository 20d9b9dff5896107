import assert from 'node:assert/strict';
import { nonNegativeLeastSquares } from '../../src/search/non_negative_least_squares.js';

describe('non-negative least squares', () => {
  it('finds what fits exactly, whatever the scale of a column', () => {
    const rows = [
      [1, 0, 2e6],
      [1, 3, 0],
      [1, 5, 1e6],
      [1, 1, 4e6],
    ];
    const wanted = [2, 0.5, 1e-6];
    const values = rows.map((row) => row.reduce((sum, v, i) => sum + v * wanted[i]!, 0));
    const found = nonNegativeLeastSquares(rows, values);
    for (const [i, value] of found.entries()) {
      assert.ok(Math.abs(value / wanted[i]! - 1) < 1e-6, found.join());
    }
  });

  it('keeps at zero what would be negative, and fits the rest', () => {
    const found = nonNegativeLeastSquares(
      [
        [1, 0],
        [1, 1],
      ],
      [2, 1],
    );
    assert.equal(found[1], 0);
    assert.ok(Math.abs(found[0]! - 1.5) < 1e-9);
  });

  it('gives 0 to what never occurs', () => {
    assert.deepEqual(nonNegativeLeastSquares([[1, 0]], [3]), [3, 0]);
  });
});
