import assert from 'node:assert/strict';
import { selectSamples, spreadEvenly } from '../../src/caching/denoising_inputs.js';
import { FeatureStatistics } from '../../src/caching/feature_statistics.js';
import { recordFeatures, type RunDense } from '../../src/caching/record_features.js';

const K = 3;
const BLOCKS = 6;
const N = 5;
const inputs = {
  samples: N,
  condition: Float32Array.from({ length: N * 2 }, (_, i) => i),
  initialNoise: Float32Array.from({ length: N }, (_, i) => 100 + i),
  stepNoise: Float32Array.from({ length: K * N }, (_, i) => i / 7),
};

/** A branch of sample n depends on everything that belongs to sample n: two values each. */
const run: RunDense = ({ samples, condition, initialNoise, stepNoise, onBranch }) => {
  for (let step = 0; step < K; step++) {
    for (let block = 0; block < BLOCKS; block++) {
      const branch = new Float32Array(samples * 2);
      for (let n = 0; n < samples; n++) {
        branch[2 * n] = condition[2 * n + 1]! * (block + 1) + step * initialNoise[n]!;
        branch[2 * n + 1] = stepNoise[step * samples + n]! - block;
      }
      onBranch(step, block, branch);
    }
  }
  return Promise.resolve();
};

describe('recordFeatures', () => {
  it('gives the same statistics whatever the batch', async () => {
    const whole: Float32Array[][] = Array.from({ length: BLOCKS }, () => []);
    await run({ ...inputs, onBranch: (step, block, branch) => (whole[block]![step] = branch) });
    const expected = whole.map((features) => {
      const statistics = new FeatureStatistics(K);
      statistics.add(features);
      return statistics.result();
    });
    for (const batch of [1, 2, 5, 9]) {
      const found = await recordFeatures(run, inputs, { steps: K, blocks: BLOCKS, batch });
      for (const [block, { values, absoluteDifference, squaredNorm }] of found.entries()) {
        assert.equal(values, N * 2);
        absoluteDifference.forEach((value, i) => {
          assert.ok(Math.abs(value - expected[block]!.absoluteDifference[i]!) < 1e-9);
        });
        squaredNorm.forEach((value, i) => {
          assert.ok(Math.abs(value - expected[block]!.squaredNorm[i]!) < 1e-6);
        });
      }
    }
  });

  it('hands over the raw features in order and counts samples times steps', async () => {
    const seen: string[] = [];
    let steps = 0;
    await recordFeatures(run, inputs, {
      steps: K,
      blocks: BLOCKS,
      batch: 2,
      onStep: (samples) => (steps += samples),
      onFeatures: (block, first, features) => {
        seen.push(`${block}@${first}x${features[0]!.length / 2}`);
        assert.equal(features.length, K);
        return Promise.resolve();
      },
    });
    assert.equal(steps, N * K);
    assert.equal(seen.length, BLOCKS * 3);
    assert.equal(seen[0], '0@0x2');
    assert.equal(seen.at(-1), '5@4x1');
  });

  it('fails when a branch output is missing', async () => {
    const forgetful: RunDense = (request) =>
      run({
        ...request,
        onBranch: (step, block, branch) => {
          if (step < K - 1 || block > 0) request.onBranch(step, block, branch);
        },
      });
    await assert.rejects(
      recordFeatures(forgetful, inputs, { steps: K, blocks: BLOCKS, batch: 5 }),
      /features of 3 steps/,
    );
  });
});

describe('spreadEvenly', () => {
  it('takes the middle of equal shares, or all there are', () => {
    assert.deepEqual(spreadEvenly(10, 2), [2, 7]);
    assert.deepEqual(spreadEvenly(3, 32), [0, 1, 2]);
    assert.equal(new Set(spreadEvenly(100, 32)).size, 32);
  });
});

describe('selectSamples', () => {
  it('keeps what belongs together', () => {
    const picked = selectSamples(inputs, [3, 1], K);
    assert.equal(picked.samples, 2);
    assert.deepEqual([...picked.condition], [6, 7, 2, 3]);
    assert.deepEqual([...picked.initialNoise], [103, 101]);
    assert.deepEqual(
      [...picked.stepNoise],
      [3, 1, 8, 6, 13, 11].map((i) => Math.fround(i / 7)),
    );
  });
});
