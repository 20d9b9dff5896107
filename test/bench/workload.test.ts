import assert from 'node:assert/strict';
import { madeUpWorkload } from '../../src/bench/workload.js';
import { seededBatchNoise } from '../../src/inference/seeded_batch_noise.js';
import { seededChunkNoise } from '../../src/inference/seeded_noise.js';
import { noiseOfSample } from '../../src/inference/vectors.js';
import { randomPolicy } from '../support/random_policy.js';

describe('madeUpWorkload', () => {
  it('covers [-1, 1] evenly, the same for the same seed', async () => {
    const { manifest } = await randomPolicy();
    const { samples, condition } = madeUpWorkload(manifest, 100, 1);
    assert.equal(samples, 100);
    assert.equal(condition.length, 100 * 2 * 5);
    const tenths = Array<number>(10).fill(0);
    for (const value of condition) tenths[Math.floor((value + 1) * 5)]!++;
    assert.ok(
      tenths.every((count) => Math.abs(count - 100) < 10),
      tenths.join(),
    );
    assert.deepEqual(madeUpWorkload(manifest, 100, 1).condition, condition);
    assert.notDeepEqual(madeUpWorkload(manifest, 100, 2).condition, condition);
  });
});

describe('seededBatchNoise', () => {
  it('gives sample i the noise of chunk i, which noiseOfSample takes out again', async () => {
    const { manifest } = await randomPolicy();
    const noise = seededBatchNoise(4, 3, manifest);
    const inputs = { samples: 3, condition: new Float32Array(30), ...noise };
    for (let i = 0; i < 3; i++) {
      assert.deepEqual(noiseOfSample(inputs, i, 20), seededChunkNoise(4, i, 20, 6, 3));
    }
  });
});
