import assert from 'node:assert/strict';
import { chiSquareQuantile } from '../../../src/caching/strategies/chi_square.js';

/** From tables: probability, degrees of freedom, quantile. */
const TABLE = [
  [0.95, 30, 43.773],
  [0.05, 30, 18.493],
  [0.99, 100, 135.807],
  [0.95, 100, 124.342],
  [0.5, 100, 99.334],
  [0.01, 100, 70.065],
  [0.95, 1000, 1074.679],
] as const;

describe('chiSquareQuantile', () => {
  for (const [probability, degrees, quantile] of TABLE) {
    it(`${probability} of ${degrees} degrees of freedom`, () => {
      const found = chiSquareQuantile(probability, degrees);
      assert.ok(Math.abs(found / quantile - 1) < 0.002, `${found}, not ${quantile}`);
    });
  }

  it('grows with the probability and is never negative', () => {
    const quantiles = [1e-9, 0.01, 0.5, 0.99, 1 - 1e-9].map((p) => chiSquareQuantile(p, 3));
    assert.ok(quantiles.every((value, i) => value >= (quantiles[i - 1] ?? 0)));
  });
});
