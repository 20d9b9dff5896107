import assert from 'node:assert/strict';
import { MatrixProducts } from '../../src/inference/matrix_products.js';
import { NestedRidge } from '../../src/search/nested_ridge.js';
import { type Folds, ridgeRows } from '../../src/search/ridge_rows.js';
import { normals } from '../support/seeded_random.js';

const N = 60;
const WIDTH = 6;

describe('NestedRidge', () => {
  const products = new MatrixProducts();
  after(() => products.close());
  const features = normals(1, N * WIDTH);
  const folds = { count: N, of: Int32Array.from({ length: N }, (_, i) => i % 5), folds: 5 };
  // Two tokens of one output each: the first may see three features.
  const prefixes = [3, WIDTH];
  const ridgeOf = async (
    strength: number,
    among: Folds = folds,
    weights?: Float64Array,
  ): Promise<NestedRidge> =>
    NestedRidge.of(
      await ridgeRows(features, among, products, weights),
      { prefixes, strength },
      products,
    );
  const truth = [
    [1, -2, 0.5, 0, 0, 0],
    [0.3, 0, 1, -1, 2, 0.7],
  ];
  const targets = Float32Array.from({ length: 2 * N }, (_, at) => {
    const row = at >> 1;
    return truth[at % 2]!.reduce((sum, w, i) => sum + w * features[row * WIDTH + i]!, 0.25);
  });

  it('recovers an affine map, each token from what it may see', async () => {
    const fit = await (await ridgeOf(1e-9)).fit(targets);
    const { weights, offset } = fit.map();
    for (const [token, expected] of truth.entries()) {
      assert.ok(Math.abs(offset[token]! - 0.25) < 1e-4);
      for (const [i, value] of expected.entries()) {
        assert.ok(Math.abs(weights[2 * i + token]! - value) < 1e-4, `${token} ${i}`);
      }
    }
  });

  it('predicts a fold as a fit without it does', async () => {
    const noisy = targets.map((value, i) => value + normals(7, 2 * N)[i]!);
    const ridge = 1e-3;
    const all = await (await ridgeOf(ridge)).fit(noisy);
    // Rows of fold 0 are held out instead; the penalty is relative to the rows, so it is scaled alike.
    const fitted = folds.of.map((fold) => (fold === 0 ? -1 : fold));
    const share = N / fitted.filter((fold) => fold >= 0).length;
    const without = await (await ridgeOf(ridge * share, { ...folds, of: fitted })).fit(noisy);
    for (const [row, fold] of folds.of.entries()) {
      if (fold !== 0) continue;
      for (const token of [0, 1]) {
        const [a, b] = [all.predicted[2 * row + token]!, without.predicted[2 * row + token]!];
        // Standardisation differs a little between the two.
        assert.ok(Math.abs(a - b) < 2e-3, `${a} ${b}`);
      }
    }
  });

  it('learns nothing from rows that are held out', async () => {
    const of = folds.of.map((fold) => (fold === 4 ? -1 : fold));
    const spoilt = targets.map((value, i) => (of[i >> 1] === -1 ? 1e3 : value));
    const fit = async (values: Float32Array): Promise<Float64Array> => {
      const ridge = await ridgeOf(1e-3, { ...folds, of });
      return (await ridge.fit(values)).map().weights;
    };
    assert.deepEqual(await fit(spoilt), await fit(targets));
  });
});
