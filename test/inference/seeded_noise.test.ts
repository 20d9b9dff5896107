import assert from 'node:assert/strict';
import { seededChunkNoise } from '../../src/inference/seeded_noise.js';

describe('seededChunkNoise', () => {
  it('is a function of seed and chunk, shaped (T, A) and (K, T, A)', () => {
    const noise = seededChunkNoise(3, 5, 100, 10, 7);
    assert.equal(noise.initial.length, 70);
    assert.equal(noise.steps.length, 7000);
    assert.deepEqual(seededChunkNoise(3, 5, 100, 10, 7), noise);
    assert.notDeepEqual(seededChunkNoise(4, 5, 100, 10, 7).initial, noise.initial);
    assert.notDeepEqual(seededChunkNoise(3, 6, 100, 10, 7).initial, noise.initial);
  });

  it('stays the same from version to version', () => {
    const { initial } = seededChunkNoise(0, 0, 1, 1, 3);
    assert.deepEqual(
      [...initial].map((value) => value.toFixed(6)),
      PINNED,
    );
  });

  it('is standard normal and independent from chunk to chunk', () => {
    const chunks = Array.from({ length: 40 }, (_, i) => seededChunkNoise(1, i, 100, 5, 5).steps);
    const values = chunks.flatMap((chunk) => [...chunk]);
    const moment = (power: number): number =>
      values.reduce((sum, value) => sum + value ** power, 0) / values.length;
    assert.ok(Math.abs(moment(1)) < 0.015, `mean ${moment(1)}`);
    assert.ok(Math.abs(moment(2) - 1) < 0.02, `variance ${moment(2)}`);
    assert.ok(Math.abs(moment(3)) < 0.05, `skewness ${moment(3)}`);
    assert.ok(Math.abs(moment(4) - 3) < 0.1, `kurtosis ${moment(4)}`);
    const product = (a: Float32Array, b: Float32Array): number =>
      a.reduce((sum, value, i) => sum + value * b[i]!, 0) / a.length;
    for (let i = 1; i < chunks.length; i++) {
      assert.ok(Math.abs(product(chunks[i - 1]!, chunks[i]!)) < 0.1);
    }
  });
});

/** Seed 0, chunk 0. */
const PINNED = ['1.866252', '-0.082192', '0.634311'];
