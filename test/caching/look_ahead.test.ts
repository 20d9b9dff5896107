import assert from 'node:assert/strict';
import { askedAt, lookAheadWeights, noiseLeft } from '../../src/caching/look_ahead.js';
import { denoisingSteps } from '../../src/policy/noise_schedule.js';
import { NOISE_SCHEDULER } from '../support/random_policy.js';

describe('looking ahead', () => {
  const steps = denoisingSteps({ ...NOISE_SCHEDULER, steps: 100, train_steps: 100 });

  it('adds the noise of the next step as a policy that follows it lets it arrive', () => {
    for (const begin of [10, 60, 95]) {
      // A policy that says x / sqrt(alphaBar) is the clean sample moves along with all noise.
      let x = steps[begin]!.sigma;
      for (const { c0, c1, alphaBar } of steps.slice(begin + 1)) {
        x *= c0 / Math.sqrt(alphaBar) + c1;
      }
      const [weight] = lookAheadWeights(steps, begin, 100, { strength: 1, fall: 0.5 });
      const arrives = weight! / Math.sqrt(steps[begin]!.alphaBar);
      assert.ok(Math.abs(arrives - x) < 1e-3 * x, `${begin}: ${arrives} ${x}`);
    }
  });

  it('counts later noise less, that of the last step not at all, and all of it by its strength', () => {
    const whole = lookAheadWeights(steps, 80, 100, { strength: 1, fall: 0.5 });
    assert.equal(whole.length, 20);
    assert.equal(whole.at(-1), 0);
    assert.ok(whole.slice(0, -1).every((weight, i) => weight > whole[i + 1]!));
    const half = lookAheadWeights(steps, 80, 100, { strength: 0.5, fall: 0.5 });
    assert.ok(half.every((weight, i) => Math.abs(weight - whole[i]! / 2) < 1e-6));
    const early = lookAheadWeights(steps, 80, 100, { strength: 1, fall: 2 });
    assert.equal(early[0], whole[0]);
    assert.ok(early.slice(1, -1).every((weight, i) => weight < whole[i + 1]!));
  });

  it('asks at the level of noise that there is then', () => {
    for (const [begin, end] of [
      [0, 10],
      [60, 80],
      [98, 100],
    ] as const) {
      assert.deepEqual(askedAt(steps, begin, new Float32Array(end - begin)), {
        level: begin,
        scale: 1,
      });
      const weights = lookAheadWeights(steps, begin, end, { strength: 0.9, fall: 0.5 });
      const { level, scale } = askedAt(steps, begin, weights);
      assert.ok(level <= begin);
      const added = weights.reduce((sum, weight) => sum + weight ** 2, 0);
      const { alphaBar } = steps[begin]!;
      const noise = (1 - alphaBar + added) / alphaBar;
      const distances = steps
        .slice(0, begin + 1)
        .map((step) => Math.abs(Math.log((noise * step.alphaBar) / (1 - step.alphaBar))));
      assert.equal(level, distances.indexOf(Math.min(...distances)));
      // Clean samples have the factor that they have at that level.
      assert.ok(Math.abs(scale ** 2 * alphaBar - steps[level]!.alphaBar) < 1e-6);
    }
  });

  it('knows how much of the noise a run leaves', () => {
    assert.equal(noiseLeft(steps, 50, 50), 1);
    assert.equal(noiseLeft(steps, 50, 100), 0);
    assert.ok(noiseLeft(steps, 50, 60) > noiseLeft(steps, 50, 70));
  });
});
