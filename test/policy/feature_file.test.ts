import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FeatureFile } from '../../src/policy/feature_file.js';
import { readSafetensors } from '../../src/policy/safetensors.js';

describe('FeatureFile', () => {
  let directory = '';
  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'bac_policy_'))));
  afterEach(() => rmSync(directory, { recursive: true }));

  const shape = { layers: 1, steps: 2, samples: 3, feature: [2, 2] } as const;
  const value = (block: number, step: number, sample: number, i: number): number =>
    1000 * block + 100 * step + 10 * sample + i;

  it('puts batches where a reader of safetensors expects them', async () => {
    const path = join(directory, 'f.safetensors');
    const file = await FeatureFile.create(path, shape);
    for (const [first, count] of [
      [2, 1],
      [0, 2],
    ] as const) {
      for (let block = 0; block < 3; block++) {
        const features = [0, 1].map((step) =>
          Float32Array.from({ length: 4 * count }, (_, i) =>
            value(block, step, first + Math.floor(i / 4), i % 4),
          ),
        );
        await file.write(block, first, features);
      }
    }
    await file.finish();
    assert.deepEqual(readdirSync(directory), ['f.safetensors']);
    const { tensors } = await readSafetensors(path, 1e6);
    assert.deepEqual([...tensors.keys()].at(-1), 'features.0.feed_forward');
    const last = tensors.get('features.0.feed_forward')!;
    assert.deepEqual(last.shape, [2, 3, 2, 2]);
    const expected = [0, 1].flatMap((step) =>
      [0, 1, 2].flatMap((sample) => [0, 1, 2, 3].map((i) => value(2, step, sample, i))),
    );
    assert.deepEqual([...(last.data as Float32Array)], expected);
  });

  it('leaves nothing behind when discarded', async () => {
    const file = await FeatureFile.create(join(directory, 'f.safetensors'), shape);
    await file.discard();
    assert.deepEqual(readdirSync(directory), []);
  });

  it('refuses what would be too large before writing any of it', async () => {
    await assert.rejects(
      FeatureFile.create(join(directory, 'f'), { ...shape, samples: 2 ** 28 }),
      /GiB of features, more than the 4 GiB allowed; take fewer --samples/,
    );
    assert.deepEqual(readdirSync(directory), []);
  });
});
