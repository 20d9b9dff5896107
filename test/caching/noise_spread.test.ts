import assert from 'node:assert/strict';
import { noiseSpread, noiseSpreadField } from '../../src/caching/noise_spread.js';
import { normals } from '../support/seeded_random.js';

describe('the spread over noises', () => {
  it('is the standard deviation over noises, whatever the observations', () => {
    const means = normals(9, 500).map((value) => 100 * value);
    const chunks = [1, 2, 3].map((seed) => {
      const noise = normals(seed, 500);
      return means.map((mean, i) => mean + 0.5 * noise[i]!);
    });
    const spread = noiseSpread(chunks, 50);
    assert.ok(Math.abs(spread.deviation - 0.5) < 0.02, String(spread.deviation));
    assert.deepEqual([spread.samples, spread.draws], [50, 3]);
    assert.deepEqual(noiseSpreadField.parse(spread), spread);
  });

  it('is the difference of two chunks', () => {
    const [a, b] = [normals(1, 60), normals(2, 60)];
    const squares = a.reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0);
    const { difference } = noiseSpread([a, b], 10);
    assert.ok(Math.abs(difference - Math.sqrt(squares / 60)) < 1e-9);
  });

  it('needs two noises', () => {
    assert.throws(() => noiseSpread([new Float32Array(4)], 1), RangeError);
    assert.throws(() => noiseSpread([new Float32Array(4), new Float32Array(8)], 1), RangeError);
  });
});
