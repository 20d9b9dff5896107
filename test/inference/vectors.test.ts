import assert from 'node:assert/strict';
import { join } from 'node:path';
import { readVectors } from '../../src/inference/vectors.js';
import type { PolicyManifest } from '../../src/policy/manifest.js';
import { floatTensor, writeSafetensors } from '../../src/policy/safetensors.js';
import { fixture } from '../support/fixtures.js';
import { temporaryDirectory } from '../support/temporary_directory.js';

describe('readVectors', () => {
  const directory = temporaryDirectory();
  const path = join(directory, 'vectors.safetensors');
  const noImages = (): never => assert.fail('the policy has no images');

  /** The `full` policy, taking 6 of its 20 training steps: timesteps 0, 3, ... 15. */
  const sixOfTwenty = async (): Promise<PolicyManifest> => {
    const { policy } = await fixture('full');
    const scheduler = { ...policy.manifest.noise_scheduler, train_steps: 20, steps: 6 };
    return { ...policy.manifest, noise_scheduler: scheduler };
  };
  /** Vectors of 3 samples whose step noise is everywhere the number of its entry. */
  const write = (entries: number): Promise<void> => {
    const noise = Float32Array.from({ length: entries * 120 }, (_, i) => Math.floor(i / 120));
    return writeSafetensors(path, [
      ['observation', floatTensor([3, 2, 7], new Float32Array(42))],
      ['step_noise', floatTensor([entries, 3, 10, 4], noise)],
    ]);
  };

  it('takes the noise of the timesteps visited out of noise for all training steps', async () => {
    await write(20);
    const { stepNoise } = await readVectors(path, await sixOfTwenty(), noImages, { seed: 0 });
    const entries = Array.from({ length: 6 }, (_, i) => stepNoise.subarray(i * 120, i * 120 + 120));
    assert.equal(stepNoise.length, 6 * 120);
    for (const [i, entry] of entries.entries()) {
      assert.ok(
        entry.every((value) => value === 3 * i),
        `entry ${i} is ${entry[0]}, not ${3 * i}`,
      );
    }
  });

  it('takes noise for the steps alone as it is, and refuses any other number', async () => {
    const manifest = await sixOfTwenty();
    await write(6);
    const { stepNoise } = await readVectors(path, manifest, noImages, { seed: 0 });
    assert.deepEqual(
      [...stepNoise],
      Array.from({ length: 720 }, (_, i) => Math.floor(i / 120)),
    );
    await write(7);
    await assert.rejects(
      readVectors(path, manifest, noImages, { seed: 0 }),
      /tensor 'step_noise' is F32 \(7, 3, 10, 4\); this policy needs F32 \(6, 3, 10, 4\)/,
    );
  });
});
