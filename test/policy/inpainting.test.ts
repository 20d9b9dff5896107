import assert from 'node:assert/strict';
import { knownRun, softMask } from '../../src/policy/inpainting.js';
import { solverSteps } from '../../src/policy/solver_steps.js';
import { randomPolicy } from '../support/random_policy.js';

describe('softMask', () => {
  it('fixes what is executed anyway, and binds less and less what follows', () => {
    const mask = softMask(8, 3, 6);
    assert.deepEqual(mask.slice(0, 3), [1, 1, 1]);
    assert.deepEqual(mask.slice(6), [0, 0]);
    // (6 - 3) / (6 - 3 + 1) = 3 / 4, and so on.
    const [first, second, third] = [3 / 4, 2 / 4, 1 / 4].map(
      (left) => (left * (Math.exp(left) - 1)) / (Math.E - 1),
    );
    assert.deepEqual(
      mask.slice(3, 6).map((weight) => weight.toFixed(12)),
      [first, second, third].map((weight) => weight!.toFixed(12)),
    );
  });

  it('fixes nothing of which nothing is known', () => {
    assert.deepEqual(softMask(4, 3, 2), [1, 1, 0, 0]);
    assert.deepEqual(softMask(4, 0, 0), [0, 0, 0, 0]);
    assert.deepEqual(softMask(3, 9, 3), [1, 1, 1]);
  });
});

describe('knownRun', () => {
  for (const kind of ['ddpm', 'ddim', 'dpm-solver++'] as const) {
    it(`is what the steps of ${kind} make, one after the other`, async () => {
      const { manifest } = await randomPolicy();
      const steps = solverSteps(manifest.noise_scheduler, kind, 12);
      const noise = steps.map((_, k) => Math.cos(k));
      for (const [begin, end] of [
        [0, 12],
        [0, 1],
        [4, 9],
        [11, 12],
      ] as const) {
        let x = 0.7;
        for (let k = begin; k < end; k++) {
          const { c0, c1, c2, c3 = 0, sigma } = steps[k]!;
          x = (c0 + c2 + c3) * 0.4 + c1 * x + sigma * noise[k]!;
        }
        const run = knownRun(steps, begin, end);
        const noisy = run.noise.reduce((sum, factor, i) => sum + factor * noise[begin + i]!, 0);
        assert.ok(Math.abs(run.state * 0.7 + run.clean * 0.4 + noisy - x) < 1e-6);
      }
    });
  }

  it('ends with the known values themselves', async () => {
    const { manifest } = await randomPolicy();
    const { state, clean } = knownRun(solverSteps(manifest.noise_scheduler, 'ddpm', 20), 3, 20);
    assert.ok(Math.abs(state) < 1e-6);
    assert.ok(Math.abs(clean - 1) < 1e-4);
  });
});
