import assert from 'node:assert/strict';
import type { PolicyManifest } from '../../src/policy/manifest.js';
import { runsWithin } from '../../src/search/runs_within.js';
import { TimeBudget } from '../../src/search/time_budget.js';

describe('the time of an optimisation', () => {
  it('is shared out between recording, searching and measuring', () => {
    let ms = 5000;
    const budget = new TimeBudget(100, () => ms);
    assert.ok(budget.forRecording > 35 && budget.forRecording < 50);
    ms += 45_000;
    assert.ok(!budget.isSearched);
    ms += 28_000;
    assert.ok(budget.isSearched);
    assert.equal(budget.seconds, 73);
    assert.ok(Math.abs(budget.forMeasuring(4) - 19 / 4) < 1e-9);
    ms += 30_000;
    assert.equal(budget.forMeasuring(2), 0);
  });

  it('allows as many dense runs as a machine makes in it', async () => {
    const manifest = {
      architecture: { horizon: 2, action_dim: 2 },
      noise_scheduler: { steps: 100 },
    } as PolicyManifest;
    const runs = async (msPerBatch: number): Promise<number> => {
      let ms = 0;
      const network = {
        batch: 32,
        evaluate: (_: readonly number[], __: number, x: Float32Array) => {
          // The first one prepares.
          ms += ms === 0 ? 20 * msPerBatch : msPerBatch;
          return Promise.resolve(x);
        },
      };
      const wanted = { wanted: 384, available: 16, seconds: 120 };
      return runsWithin(network, manifest, wanted, () => ms);
    };
    assert.equal(await runs(60), 384);
    assert.equal(await runs(150), 256);
    assert.equal(await runs(300), 128);
    assert.equal(await runs(5000), 64);
  });
});
