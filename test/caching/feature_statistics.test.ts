import assert from 'node:assert/strict';
import fc from 'fast-check';
import { FeatureStatistics } from '../../src/caching/feature_statistics.js';
import { METRICS, type Metric } from '../../src/caching/metrics.js';
import { blockError, stepSimilarity } from '../../src/caching/step_similarity.js';

/** One comparison, straight from its definition. */
function naive(metric: Metric, a: readonly number[], b: readonly number[]): number {
  const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);
  const differences = a.map((value, i) => value - b[i]!);
  const squares = sum(differences.map((d) => d * d));
  if (metric === 'l1') return sum(differences.map(Math.abs));
  if (metric === 'l2') return Math.sqrt(squares);
  if (metric === 'mse') return squares / a.length;
  const dot = sum(a.map((value, i) => value * b[i]!));
  const norm = (v: readonly number[]): number => Math.sqrt(sum(v.map((x) => x * x)));
  const norms = norm(a) * norm(b);
  return norms === 0 ? 0 : dot / norms;
}

/** Batches of features: per batch, K arrays of one length. */
const batches = fc.integer({ min: 1, max: 5 }).chain((steps) =>
  fc.array(
    fc.integer({ min: 0, max: 1200 }).chain((length) =>
      fc.array(
        fc
          .infiniteStream(fc.float({ min: -8, max: 8, noNaN: true }))
          .map((stream) => Float32Array.from({ length }, () => stream.next().value as number)),
        { minLength: steps, maxLength: steps },
      ),
    ),
    { minLength: 1, maxLength: 3 },
  ),
);

describe('FeatureStatistics', () => {
  it('equals the naive computation on all samples together, for every metric', () => {
    fc.assert(
      fc.property(batches, (list) => {
        const steps = list[0]!.length;
        const all = Array.from({ length: steps }, (_, k) => list.flatMap((b) => [...b[k]!]));
        fc.pre(all[0]!.length > 0);
        const accumulator = new FeatureStatistics(steps);
        for (const batch of list) accumulator.add(batch);
        const statistics = accumulator.result();
        assert.equal(statistics.values, all[0]!.length);
        for (const metric of METRICS) {
          const matrix = stepSimilarity(statistics, metric);
          for (let a = 0; a < steps; a++) {
            for (let b = 0; b < steps; b++) {
              const expected = naive(metric, all[a]!, all[b]!);
              const found = matrix.values[a * steps + b]!;
              const ratio =
                metric === 'cosine' && expected !== 0
                  ? Math.sqrt(statistics.squaredNorm[a]! / statistics.squaredNorm[b]!)
                  : 1;
              const tolerance =
                1e-9 * Math.max(1, Math.abs(expected)) + 1e-15 * (ratio + 1 / ratio);
              assert.ok(
                Math.abs(found - expected) <= tolerance,
                `${metric} (${a}, ${b}): ${found} instead of ${expected}`,
              );
            }
          }
        }
        let error = 0;
        for (let i = 0; i < steps; i++) {
          for (let j = i + 1; j < steps; j++)
            error += naive('l1', all[i]!, all[j]!) / all[0]!.length;
        }
        const expected = steps === 1 ? 0 : error / ((steps * (steps - 1)) / 2);
        assert.ok(Math.abs(blockError(statistics) - expected) <= 1e-9 * Math.max(1, expected));
      }),
      { numRuns: 60 },
    );
  });

  it('tells nearly equal features apart, where a Gram matrix would cancel', () => {
    const base = Float32Array.from({ length: 4096 }, (_, i) => 1000 + (i % 7));
    const shifted = base.map((value) => value + 2 ** -13);
    const accumulator = new FeatureStatistics(2);
    accumulator.add([base, shifted]);
    const l2 = stepSimilarity(accumulator.result(), 'l2').values[1]!;
    assert.equal(l2, Math.sqrt(4096) * 2 ** -13);
  });

  it('refuses another number of steps, ragged features and values not finite', () => {
    const make = (): FeatureStatistics => new FeatureStatistics(2);
    const one = new Float32Array([1]);
    assert.throws(() => make().add([one]), /features of 2 steps/);
    assert.throws(() => make().add([one, new Float32Array(2)]), /all of one length/);
    assert.throws(
      () => make().add([one, new Float32Array([NaN])]),
      /step 1 has features not finite/,
    );
    assert.throws(() => make().add([new Float32Array([Infinity]), one]), /step 0/);
  });
});
