import assert from 'node:assert/strict';
import { noiseOfSample } from '../../../src/inference/vectors.js';
import { seededBatchNoise } from '../../../src/inference/seeded_batch_noise.js';
import { withTwoNoises } from '../../../src/report/facts/two_noises.js';
import { randomInputs, randomPolicy } from '../../support/random_policy.js';

describe('withTwoNoises', () => {
  it('has every observation twice: with its own noise, and with that of the seed', async () => {
    const policy = await randomPolicy();
    const { manifest } = policy;
    const { steps } = manifest.noise_scheduler;
    const inputs = randomInputs(policy, 3, 7);
    const both = withTwoNoises(inputs, manifest, 5);
    const seeded = { ...inputs, ...seededBatchNoise(5, 3, manifest) };
    assert.equal(both.samples, 6);
    for (let i = 0; i < 3; i++) {
      assert.deepEqual(noiseOfSample(both, i, steps), noiseOfSample(inputs, i, steps));
      assert.deepEqual(noiseOfSample(both, 3 + i, steps), noiseOfSample(seeded, i, steps));
    }
    const { condition } = both;
    assert.deepEqual(condition.subarray(0, condition.length / 2), inputs.condition);
    assert.deepEqual(condition.subarray(condition.length / 2), inputs.condition);
  });
});
