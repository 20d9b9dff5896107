import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Predict } from '../../src/caching/plan_fields.js';
import { predictionWeights } from '../../src/caching/predict_branch.js';
import { BranchMemory } from '../../src/caching/strategies/branch_memory.js';

const reuse: Predict = { kind: 'reuse' };
const adamsBashforth: Predict = { kind: 'adams-bashforth' };
const taylor = (order: number): Predict => ({ kind: 'taylor', order });

/** Ascending steps, and one after them. */
const steps = (count: number): fc.Arbitrary<{ computed: number[]; step: number }> =>
  fc
    .uniqueArray(fc.nat(60), { minLength: count + 1, maxLength: count + 1 })
    .map((values) => values.sort((a, b) => a - b))
    .map((values) => ({ computed: values.slice(0, -1), step: values.at(-1)! }));

describe('predictionWeights', () => {
  it('of reuse look at the last output alone', () => {
    assert.deepEqual(predictionWeights(reuse, [0, 4, 9], 17), [1]);
  });

  it('of adams-bashforth are 2 and -1 as far ahead as the last two updates are apart', () => {
    assert.deepEqual(predictionWeights(adamsBashforth, [1, 5], 9), [2, -1]);
    assert.deepEqual(predictionWeights(adamsBashforth, [0, 1, 5], 7), [1.5, -0.5]);
    assert.deepEqual(predictionWeights(adamsBashforth, [3], 7), [1]);
  });

  it('have a lower order while there are fewer outputs', () => {
    assert.deepEqual(predictionWeights(taylor(3), [0], 5), [1]);
    assert.deepEqual(predictionWeights(taylor(3), [0, 4], 8), [2, -1]);
    assert.equal(predictionWeights(taylor(1), [0, 1, 2, 3], 8).length, 2);
  });

  it('refuse a linear map, which looks at no output', () => {
    assert.throws(() => predictionWeights({ kind: 'linear' }, [0], 1), RangeError);
  });

  for (const order of [1, 2, 3]) {
    it(`of taylor are exact for polynomials of degree ${order}, however the updates lie`, () => {
      fc.assert(
        fc.property(
          steps(order + 1),
          fc.array(fc.integer({ min: -9, max: 9 }), {
            minLength: order + 1,
            maxLength: order + 1,
          }),
          ({ computed, step }, coefficients) => {
            const value = (t: number): number =>
              coefficients.reduceRight((sum, coefficient) => sum * (t / 60) + coefficient, 0);
            const memory = new BranchMemory(taylor(order));
            for (const t of computed) memory.store(t, Float32Array.of(value(t), 1));
            const [predicted, constant] = memory.predict(step, new Float32Array(2));
            // What rounding to 32 bits can become, by weights that are large where updates lie close together.
            const weights = predictionWeights(taylor(order), computed, step);
            const size = weights.reduce((sum, weight) => sum + Math.abs(weight), 0);
            assert.ok(Math.abs(predicted! - value(step)) <= 1e-5 * size * 40);
            assert.ok(Math.abs(constant! - 1) <= 1e-5 * size);
          },
        ),
      );
    });
  }
});

describe('BranchMemory', () => {
  it('forgets outputs that no forecast needs, and predicts nothing from nothing', () => {
    const memory = new BranchMemory(adamsBashforth);
    assert.throws(() => memory.predict(1, new Float32Array(1)), /before it was computed/);
    for (const step of [0, 1, 2, 3]) memory.store(step, Float32Array.of(step ** 2));
    assert.equal(memory.lastStep, 3);
    assert.deepEqual([...memory.predict(5, new Float32Array(1))], [9 + 2 * 5]);
  });
});
