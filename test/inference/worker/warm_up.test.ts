import assert from 'node:assert/strict';
import type { PolicyRunner } from '../../../src/inference/policy_runner.js';
import { warmUp } from '../../../src/inference/worker/warm_up.js';
import { IMAGE_INPUT, policyManifest, vectorInput } from '../../control/policy_manifest.js';

describe('warmUp', () => {
  /** A policy whose chunks take the times given, then the last of them. */
  function policy(times: readonly number[]): PolicyRunner & { frames: string[] } {
    let chunk = 0;
    const frames: string[] = [];
    return {
      frames,
      manifest: policyManifest({ inputs: [vectorInput('arm', 2), IMAGE_INPUT] }),
      encodeImage: async (name, rgb) => {
        frames.push(`${name} ${rgb.length}`);
        return Promise.resolve(new Float32Array());
      },
      denoise: async () => {
        const latencyMs = times[Math.min(chunk++, times.length - 1)]!;
        return Promise.resolve({
          sample: new Float32Array(),
          action: new Float32Array(),
          latencyMs,
        });
      },
      close: async () => Promise.resolve(),
    };
  }

  it('stops when times have settled, and leaves out the first', async () => {
    assert.deepEqual(await warmUp(policy([90, 30, 11, 10, 10, 10])), {
      medianMs: 10.5,
      p90Ms: 30,
      maxMs: 30,
      chunks: 5,
    });
    assert.equal((await warmUp(policy([10]))).chunks, 4);
  });

  it('gives up on times that do not settle', async () => {
    const restless = Array.from({ length: 100 }, (_, i) => 10 + 5 * (i % 2));
    assert.equal((await warmUp(policy(restless))).chunks, 20);
  });

  it('encodes frames of every camera too', async () => {
    const runner = policy([10]);
    await warmUp(runner);
    assert.deepEqual(new Set(runner.frames), new Set([`image ${8 * 12 * 3}`]));
  });
});
