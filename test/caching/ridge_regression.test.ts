import assert from 'node:assert/strict';
import fc from 'fast-check';
import { RidgeRegression } from '../../src/caching/ridge_regression.js';
import { assertClose } from '../support/assert_close.js';
import { normals } from '../support/seeded_random.js';

/** Rows of x (n, inputs), y = x weight + bias (n, outputs), fitted. */
function fitted(
  rows: number,
  inputs: number,
  weight: readonly number[],
  bias: readonly number[],
  strength: number,
): { weight: Float32Array; bias: Float32Array } {
  const outputs = bias.length;
  const fit = new RidgeRegression(inputs, outputs);
  const values = normals(rows, rows * inputs);
  for (let row = 0; row < rows; row++) {
    const x = values.subarray(row * inputs, (row + 1) * inputs);
    const y = bias.map((shift, j) =>
      x.reduce((sum, value, i) => sum + value * weight[i * outputs + j]!, shift),
    );
    fit.add(x, y);
  }
  assert.equal(fit.rows, rows);
  return fit.solve(strength);
}

describe('RidgeRegression', () => {
  it('finds an affine map again', () => {
    const number = fc.integer({ min: -5, max: 5 });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }).chain((inputs) =>
          fc.record({
            inputs: fc.constant(inputs),
            weight: fc.array(number, { minLength: 2 * inputs, maxLength: 2 * inputs }),
            bias: fc.tuple(number, number),
          }),
        ),
        ({ inputs, weight, bias }) => {
          const found = fitted(40, inputs, weight, bias, 1e-9);
          assertClose(found.weight, weight, 1e-4, 'weight');
          assertClose(found.bias, bias, 1e-4, 'bias');
        },
      ),
      { numRuns: 30 },
    );
  });

  it('shrinks the weights with the strength, not the bias', () => {
    const weak = fitted(2000, 1, [2], [7], 1e-9);
    const strong = fitted(2000, 1, [2], [7], 1);
    assert.ok(Math.abs(strong.weight[0]! - weak.weight[0]! / 2) < 0.05);
    assert.ok(Math.abs(strong.bias[0]! - 7) < 0.2);
  });

  it('gives no weight to inputs that say nothing new', () => {
    const fit = new RidgeRegression(3, 1);
    for (const x of [1, 2, 3, 4, 5]) fit.add([x, x, 0], [2 * x]);
    const { weight, bias } = fit.solve(0);
    assert.ok([...weight, ...bias].every(Number.isFinite));
    assert.equal(weight[2], 0);
    assert.ok(Math.abs(weight[0]! + weight[1]! - 2) < 1e-6);
  });

  it('refuses to fit nothing', () => {
    assert.throws(() => new RidgeRegression(2, 1).solve(1), RangeError);
  });
});
