import assert from 'node:assert/strict';
import { errorStatistics, errorStatisticsField } from '../../src/caching/error_statistics.js';
import { normals } from '../support/seeded_random.js';

const JOINTS = [
  { name: 'elbow', unit: 'rad' },
  { name: 'wrist', unit: 'rad' },
  { name: 'finger', unit: 'm', threshold: 0.02 },
];
const SHAPE = { joints: JOINTS, steps: 2 };

describe('error statistics', () => {
  it('are those of a case worked out by hand', () => {
    const dense = new Float32Array(12);
    // Two samples of two steps; the finger of the second one opens where it should not.
    const plan = Float32Array.of(3, 4, 0, 3, 4, 0, 0, 0, 0, 0, 0, 0.04);
    const found = errorStatistics({ plan, dense }, SHAPE);
    const close = (value: number, expected: number): void =>
      assert.ok(Math.abs(value - expected) < 1e-6, `${value}, not ${expected}`);
    close(found.rms.value, Math.sqrt((50 + 0.0016) / 12));
    close(found.units['rad']!, Math.sqrt(50 / 8));
    close(found.units['m']!, Math.sqrt(0.0016 / 4));
    close(found.per_sample.max, Math.sqrt(50 / 6));
    assert.deepEqual(
      found.joints.map(({ rms, flips }) => [Number(rms.toFixed(4)), flips]),
      [
        [Number(Math.sqrt(18 / 4).toFixed(4)), undefined],
        [Number(Math.sqrt(32 / 4).toFixed(4)), undefined],
        [0.02, 0.25],
      ],
    );
    close(found.steps[0]!, Math.sqrt(25 / 6));
    close(found.steps[1]!, Math.sqrt((25 + 0.0016) / 6));
    assert.equal(found.flips, 0.25);
    assert.deepEqual([found.samples, found.episodes], [2, 2]);
    assert.deepEqual(errorStatisticsField.parse(found), found);
  });

  it('have no flips where no joint is two-valued', () => {
    const actions = { plan: new Float32Array(4), dense: new Float32Array(4) };
    const found = errorStatistics(actions, { joints: JOINTS.slice(0, 2), steps: 2 });
    assert.equal(found.flips, null);
    assert.equal(found.rms.value, 0);
  });

  it('have wider intervals where samples of an episode are alike', () => {
    const samples = 80;
    const dense = new Float32Array(samples * 6);
    const perEpisode = normals(5, 8);
    const plan = dense.map((_, i) => perEpisode[Math.floor(i / 60)]!);
    const episodes = Array.from({ length: samples }, (_, i) => Math.floor(i / 10));
    const width = ({ low, high }: { low: number; high: number }): number => high - low;
    const independent = errorStatistics({ plan, dense }, SHAPE, { seed: 1 });
    const grouped = errorStatistics({ plan, dense }, SHAPE, { seed: 1, episodes });
    assert.equal(grouped.episodes, 8);
    assert.equal(grouped.rms.value, independent.rms.value);
    assert.ok(width(grouped.rms) > 2 * width(independent.rms));
    for (const { rms } of [independent, grouped]) {
      assert.ok(rms.low < rms.value && rms.value < rms.high);
    }
  });

  it('have an interval that holds the truth 19 times of 20, about', () => {
    const truth = 1;
    let held = 0;
    for (let seed = 0; seed < 60; seed++) {
      const plan = normals(seed, 60 * 6);
      const actions = { plan, dense: new Float32Array(plan.length) };
      const { rms } = errorStatistics(actions, SHAPE, { seed, resamples: 100 });
      if (rms.low <= truth && truth <= rms.high) held++;
    }
    assert.ok(held >= 50 && held < 60, `${held} of 60`);
  });

  it('depend on nothing but their input', () => {
    const actions = { plan: normals(3, 600), dense: normals(4, 600) };
    assert.deepEqual(errorStatistics(actions, SHAPE), errorStatistics(actions, SHAPE));
  });

  it('refuse actions that are not of the same samples', () => {
    const actions = { plan: new Float32Array(12), dense: new Float32Array(6) };
    assert.throws(() => errorStatistics(actions, SHAPE), RangeError);
    const same = { plan: new Float32Array(12), dense: new Float32Array(12) };
    assert.throws(() => errorStatistics(same, SHAPE, { episodes: [0] }), RangeError);
  });
});
