import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describePolicy } from '../../src/cli/descriptions/describe_policy.js';
import { sha256 } from '../../src/files.js';
import { ImageEncoders } from '../../src/inference/image_encoders.js';
import { roundedToHalves } from '../../src/policy/half_precision.js';
import type { PolicyManifest } from '../../src/policy/manifest.js';
import { type PolicyPackage, readPolicyPackage } from '../../src/policy/policy_package.js';
import {
  encodeSafetensors,
  type FloatTensor,
  floatTensor,
  readSafetensors,
} from '../../src/policy/safetensors.js';
import { writePolicyPackage } from '../../src/policy/write_policy_package.js';
import {
  type ReferenceCamera,
  referenceFeatures,
} from '../compiler/convolution_encoder_reference.js';
import { convolutionWeights, patternedImage } from '../compiler/patterned_weights.js';
import { assertClose } from '../support/assert_close.js';
import { randomPolicy } from '../support/random_policy.js';
import { temporaryDirectory } from '../support/temporary_directory.js';

const FEATURES = 6;
const shared: Omit<ReferenceCamera, 'name'> = {
  ...{ size: [20, 30], crop: [18, 28], corner: [1, 1], scale: [2, 2, 2], offset: [-1, -1, -1] },
  convolutions: [
    { channels: 8, kernel: 5, stride: 2 },
    { channels: 16, kernel: 3, stride: 2 },
  ],
  ...{ keypoints: 4, feature_dim: FEATURES },
};
const cameras = ['front', 'wrist'].map((name): ReferenceCamera => ({ ...shared, name }));
/** Of both cameras, exact in half precision. */
const encoder = new Map(
  cameras
    .flatMap((camera) => [...convolutionWeights(camera)])
    .map(([name, { shape, data }]) => [name, floatTensor(shape, roundedToHalves(data))]),
);

/** A policy of two cameras, with random weights. */
async function cameraPolicy(): Promise<PolicyPackage> {
  const random = await randomPolicy({ architecture: { condition_dim: 2 * FEATURES } });
  const { tensors } = await readSafetensors(
    join(random.directory, 'denoiser.safetensors'),
    2 ** 24,
  );
  const { files, ...manifest } = random.manifest;
  assert.ok(files['denoiser.safetensors']);
  const { convolutions, keypoints, size, crop } = shared;
  const directory = join(temporaryDirectory(), 'cameras');
  await writePolicyPackage(
    directory,
    {
      ...manifest,
      inputs: cameras.map(({ name, scale, offset }) => ({
        ...{ name, kind: 'image', size: [...size], crop: [...crop] },
        normaliser: { scale: [...scale], offset: [...offset] },
      })),
      encoder: {
        ...{ kind: 'conv_spatial_softmax', keypoints, feature_dim: FEATURES },
        convolutions: [...convolutions],
      },
    },
    { denoiser: tensors as ReadonlyMap<string, FloatTensor>, encoder },
  );
  return readPolicyPackage(directory);
}

/** Stores the encoder in half precision, as another program may. */
async function halved({ directory }: PolicyPackage): Promise<PolicyPackage> {
  const bytes = encodeSafetensors(encoder, {}, { halvesWhereExact: true });
  const path = join(directory, 'policy.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8')) as PolicyManifest;
  manifest.files['encoder.safetensors'] = { sha256: sha256(bytes), bytes: bytes.length };
  writeFileSync(join(directory, 'encoder.safetensors'), bytes);
  writeFileSync(path, JSON.stringify(manifest));
  return readPolicyPackage(directory);
}

describe('camera encoders of a package', () => {
  let policy: PolicyPackage;
  before(async () => {
    policy = await cameraPolicy();
  });

  /** Features of a frame of each camera. */
  async function features(of: PolicyPackage): Promise<Float32Array[]> {
    const encoders = await ImageEncoders.open(of, { threads: 1 });
    const results: Float32Array[] = [];
    for (const { name, size } of cameras) {
      results.push(await encoders.encode(name, patternedImage(name, 0, size)));
    }
    await encoders.close();
    return results;
  }

  it('give the features of plain loops, each camera with its own weights', async () => {
    const found = await features(policy);
    for (const [i, camera] of cameras.entries()) {
      const expected = referenceFeatures(
        camera,
        encoder,
        patternedImage(camera.name, 0, camera.size),
      );
      assertClose(found[i]!, expected, 2e-5, camera.name);
    }
  });

  it('are the same from half precision, in a file of half the size', async () => {
    const expected = await features(policy);
    const whole = policy.manifest.files['encoder.safetensors']!.bytes;
    const half = await halved(policy);
    assert.ok(half.manifest.files['encoder.safetensors']!.bytes < 0.65 * whole);
    assert.deepEqual(await features(half), expected);
  });

  it('are described', () => {
    assert.match(
      describePolicy(policy).text,
      /^encoder +convolutions of 8, 16 channels, 4 keypoints, 6 features$/m,
    );
  });
});
