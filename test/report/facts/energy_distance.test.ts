import assert from 'node:assert/strict';
import { energyDistance } from '../../../src/report/facts/energy_distance.js';
import { normals } from '../../support/seeded_random.js';

const SAMPLES = 2000;

/** Draws of as many observations, each (1, 2) around a mean of its own. */
function draw(seed: number, shift = 0, spread = 1): Float32Array {
  const noise = normals(seed, 2 * SAMPLES);
  return noise.map((value, i) => Math.floor(i / 2) + shift + spread * value);
}

describe('energyDistance', () => {
  it('is 0 within its interval for the same distribution, though no two chunks are the same', () => {
    const { value, low, high } = energyDistance([draw(1), draw(2)], [draw(3), draw(4)], SAMPLES, 0);
    assert.ok(low < 0 && 0 < high && Math.abs(value) < 0.05, `${low} < ${value} < ${high}`);
  });

  it('sees another mean and another spread', () => {
    const dense = [draw(1), draw(2)] as const;
    for (const [shift, spread] of [
      [0.7, 1],
      [0, 0.4],
    ] as const) {
      const plan = [draw(3, shift, spread), draw(4, shift, spread)] as const;
      const { value, low } = energyDistance(dense, plan, SAMPLES, 0);
      assert.ok(low > 0, `shift ${shift}, spread ${spread}: ${value} from ${low}`);
    }
  });

  it('does not take the same noise for the same distribution', () => {
    // The same chunks: every pair from different noises is as far apart as dense from itself.
    const dense = [draw(1), draw(2)] as const;
    assert.equal(energyDistance(dense, dense, SAMPLES, 0).value, 0);
  });
});
