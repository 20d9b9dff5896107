import assert from 'node:assert/strict';
import { MatrixProducts } from '../../src/inference/matrix_products.js';
import type { Folds } from '../../src/search/ridge_rows.js';
import { type Features, robustFit } from '../../src/search/robust_fit.js';
import { normals } from '../support/seeded_random.js';

const N = 200;
const WIDTH = 4;
const SLOPES = [1, -0.5, 0.25, 2];

describe('robustFit', () => {
  const products = new MatrixProducts();
  after(() => products.close());
  const folds: Folds = { count: N, of: Int32Array.from({ length: N }, (_, i) => i % 5), folds: 5 };
  const features = (width: number): Features => ({
    values: Float32Array.from(
      { length: N * width },
      (_, at) => x[at % width]![Math.floor(at / width)]!,
    ),
    condition: 0,
    prefixes: [width],
  });
  const x = Array.from({ length: 120 }, (_, i) => normals(i + 1, N));
  const straight = Float32Array.from({ length: N }, (_, row) =>
    SLOPES.reduce((sum, slope, i) => sum + slope * x[i]![row]!, 0),
  );
  const deviationFrom =
    (target: Float32Array) =>
    (predicted: Float32Array): number =>
      Math.sqrt(predicted.reduce((sum, value, i) => sum + (value - target[i]!) ** 2, 0) / N);
  const fitOf = (
    candidates: readonly Features[],
    target: Float32Array,
  ): ReturnType<typeof robustFit<Features>> =>
    robustFit(
      candidates.map((each) => ({ width: each.prefixes[0]!, make: () => each })),
      target,
      folds,
      products,
      deviationFrom(target),
    );

  it('follows the many, not the few that are far off', async () => {
    // Two ways that nothing known tells apart: a tenth of the rows go the other way.
    const noise = normals(999, N);
    const target = straight.map((value, i) => value + 0.05 * noise[i]! + (i % 10 === 3 ? 6 : 0));
    const { weights, offset } = (await fitOf([features(WIDTH)], target)).map();
    for (const [i, slope] of SLOPES.entries()) {
      assert.ok(Math.abs(weights[i]! - slope) < 0.12, `${i}: ${weights[i]}`);
    }
    // Their mean would be at 0.6.
    assert.ok(Math.abs(offset[0]!) < 0.45, String(offset[0]));
  });

  it('is least squares where nothing is far off', async () => {
    const fit = await fitOf([features(WIDTH)], straight);
    assert.ok(deviationFrom(straight)(fit.predicted) < 0.01);
  });

  it('takes the widest features that there are rows enough for', async () => {
    const [tooWide, wide, narrow] = [features(120), features(60), features(WIDTH)];
    assert.equal((await fitOf([tooWide, wide, narrow], straight)).features, wide);
    assert.equal((await fitOf([tooWide], straight)).features, tooWide);
  });
});
