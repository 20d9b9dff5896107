import assert from 'node:assert/strict';
import { DenseCheck } from '../../../src/inference/worker/dense_check.js';
import type { InferenceWorker } from '../../../src/inference/worker/inference_worker.js';
import type { LoadOptions } from '../../../src/inference/worker/loaded_policy.js';

const OPTIONS: LoadOptions = {
  policy: 'somewhere',
  plan: 'plan.json',
  latencyBudgetMs: 5,
  provider: 'cpu',
  providerFallback: true,
  threads: 2,
};
const CHUNK = { condition: Float32Array.of(1, 2), action: Float32Array.of(3, 4) };
const NOISE = { seed: 1, index: 2 };

/** A thread whose dense policy takes 100 ms a chunk, it says, and whose actions are 0. */
function startDense(
  asked: unknown[] = [],
  gate = Promise.resolve(),
): () => Promise<InferenceWorker> {
  return async () =>
    ({
      load: (options: unknown) => {
        asked.push(options);
        return Promise.resolve({ warmUp: { medianMs: 100 } });
      },
      denoise: async (...given: unknown[]) => {
        asked.push(given);
        await gate;
        return { action: new Float32Array(2), latencyMs: 100 };
      },
      close: () => Promise.resolve(),
    }) as unknown as InferenceWorker;
}

describe('DenseCheck', () => {
  it('computes every Nth chunk again by the dense policy and compares', async () => {
    const asked: unknown[] = [];
    const check = new DenseCheck(3, startDense(asked));
    assert.match(check.report().problem!, /being loaded/);
    await check.load(OPTIONS);
    for (let i = 0; i < 7; i++) await check.consider(CHUNK, NOISE, 400, 3.5);
    const { policy, provider, providerFallback, threads } = OPTIONS;
    assert.deepEqual(asked, [
      { policy, provider, providerFallback, threads, inpainting: false, preset: 'dense' },
      [CHUNK.condition, NOISE],
      [CHUNK.condition, NOISE],
    ]);
    const error = Math.sqrt((9 + 16) / 2);
    assert.deepEqual(check.report(), {
      checked: 2,
      postponed: 0,
      beyond: 2,
      error: { last: error, p50: error, max: error },
      problem: undefined,
    });
  });

  it('lets chunks pass for which there is no time, and says so', async () => {
    const check = new DenseCheck(1, startDense());
    await check.load(OPTIONS);
    await check.consider(CHUNK, NOISE, 120, undefined);
    assert.equal(check.report().postponed, 1);
    assert.match(check.report().problem!, /takes 100 ms.* 120 ms/);
    await check.consider(CHUNK, NOISE, 130, undefined);
    assert.deepEqual([check.report().checked, check.report().beyond], [1, 0]);
    assert.equal(check.report().problem, undefined);
  });

  it('tries again now and then where there was no time', async () => {
    const check = new DenseCheck(1, startDense());
    await check.load(OPTIONS);
    for (let i = 0; i < 20; i++) await check.consider(CHUNK, NOISE, 100, undefined);
    const { checked, postponed } = check.report();
    assert.ok(checked >= 1 && checked <= 4, `${checked} of 20`);
    assert.equal(checked + postponed, 20);
  });

  it('checks one chunk at a time', async () => {
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const asked: unknown[] = [];
    const check = new DenseCheck(1, startDense(asked, gate));
    await check.load(OPTIONS);
    const first = check.consider(CHUNK, NOISE, 400, undefined);
    await check.consider(CHUNK, NOISE, 400, undefined);
    assert.deepEqual([asked.length, check.report().postponed], [2, 1]);
    open();
    await first;
    assert.equal(check.report().checked, 1);
  });

  it('says why nothing can be checked', async () => {
    const check = new DenseCheck(1, () => Promise.reject(new Error('no memory')));
    await check.load(OPTIONS);
    await check.consider(CHUNK, NOISE, 400, undefined);
    assert.match(check.report().problem!, /cannot be loaded: no memory/);
    await check.close();
  });
});
