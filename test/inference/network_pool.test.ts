import assert from 'node:assert/strict';
import { openBatchedNetwork } from '../../src/inference/batched_network.js';
import { openNetworkPool } from '../../src/inference/network_pool.js';
import { randomInputs, randomPolicy } from '../support/random_policy.js';

const N = 70;

describe('a pool of network processes', () => {
  it('says what one process says, in whatever parts', async () => {
    const policy = await randomPolicy();
    const { condition, initialNoise } = randomInputs(policy, N, 3);
    const one = await openBatchedNetwork(policy, condition);
    const pool = await openNetworkPool(policy, condition, { processes: 3 });
    const size = initialNoise.length / N;
    try {
      // Every sample, fewer than one batch each, and samples out of order.
      for (const samples of [Array.from({ length: N }, (_, i) => i), [4], [69, 3, 40]]) {
        const x = initialNoise.slice(0, samples.length * size);
        assert.deepEqual(await pool.evaluate(samples, 7, x), await one.evaluate(samples, 7, x));
      }
    } finally {
      await one.close();
      await pool.close();
    }
  });

  it('fails with the reason where the policy cannot be read, and leaves no process', async () => {
    const policy = await randomPolicy();
    const { condition } = randomInputs(policy, 2, 3);
    await assert.rejects(
      openNetworkPool({ ...policy, directory: '/nowhere' }, condition, { processes: 2 }),
      /\/nowhere\/policy\.json/,
    );
  });

  it('rejects what was asked of a process that ended', async () => {
    const policy = await randomPolicy();
    const { condition, initialNoise } = randomInputs(policy, 2, 3);
    const pool = await openNetworkPool(policy, condition, { processes: 2 });
    await pool.close();
    await assert.rejects(pool.evaluate([0, 1], 7, initialNoise));
  });
});
