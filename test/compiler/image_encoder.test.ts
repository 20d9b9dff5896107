import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as ort from 'onnxruntime-node';
import type { OnnxGraph } from '../../src/compiler/graph.js';
import { buildImageEncoderGraph } from '../../src/compiler/image_encoder/image_encoder.js';
import { BadInput } from '../../src/errors.js';
import type { ImageInput } from '../../src/policy/manifest.js';
import { Weights } from '../../src/policy/policy_package.js';
import { floatTensor, type FloatTensor } from '../../src/policy/safetensors.js';
import { assertValidOnnx, requireOnnx } from './onnx_checker.js';
import { patternedImage, patternedWeights } from './patterned_weights.js';

/** A camera and what test/reference/image_encoder_reference.py made of its frames. */
interface Case {
  readonly name: string;
  readonly size: [number, number];
  readonly crop: [number, number];
  readonly scale: number[];
  readonly offset: number[];
  readonly keypoints: number;
  readonly feature_dim: number;
  readonly features: readonly (readonly number[])[];
}

const cases = JSON.parse(readFileSync('test/fixtures/encoder/features.json', 'utf8')) as Case[];
const wrist = cases[0]!;
const wristTensors = patternedWeights(wrist.name, wrist.keypoints, wrist.feature_dim);

function build(
  c: Case,
  tensors: ReadonlyMap<string, FloatTensor>,
  input: Partial<ImageInput> = {},
): OnnxGraph {
  const { name, size, crop, scale, offset, keypoints, feature_dim } = c;
  return buildImageEncoderGraph(
    new Weights(tensors, 'encoder.safetensors'),
    { name, kind: 'image', size, crop, normaliser: { scale, offset }, ...input },
    { kind: 'resnet18_spatial_softmax', feature_dim, keypoints },
  );
}

/** The features of every frame of the case. */
async function encode(graph: OnnxGraph, c: Case): Promise<Float32Array[]> {
  const session = await ort.InferenceSession.create(graph.bytes, { intraOpNumThreads: 1 });
  const results: Float32Array[] = [];
  for (const frame of c.features.keys()) {
    const image = new ort.Tensor('uint8', patternedImage(c.name, frame, c.size), [1, ...c.size, 3]);
    const { features } = await session.run({ image });
    assert.deepEqual(features!.dims, [1, c.feature_dim]);
    results.push(features!.data as Float32Array);
  }
  await session.release();
  return results;
}

function largestDifference(c: Case, results: readonly Float32Array[]): number {
  const differences = results.flatMap((features, frame) =>
    c.features[frame]!.map((value, i) => Math.abs(value - features[i]!)),
  );
  return Math.max(...differences);
}

describe('the camera encoder', () => {
  for (const c of cases) {
    it(`gives the features of the PyTorch reference: ${c.name}, ${c.size} cropped to ${c.crop}`, async () => {
      const tensors =
        c === wrist ? wristTensors : patternedWeights(c.name, c.keypoints, c.feature_dim);
      const worst = largestDifference(c, await encode(build(c, tensors), c));
      assert.ok(worst < 2e-5, `differs by ${worst}`);
    });
  }

  it('sees the crop that it is told', async () => {
    const elsewhere = build(wrist, wristTensors, { crop: [48, 64] });
    assert.ok(largestDifference(wrist, await encode(elsewhere, wrist)) > 1e-2);
  });

  it('counts the multiply-adds of its convolutions and products', () => {
    // 24 x 33 places after the first convolution, 12 x 17 in stage 1, then 6 x 9, 3 x 5, 2 x 3.
    const stage = (places: number, from: number, to: number): number =>
      places * to * (from * 9 + 3 * to * 9 + (from === to ? 0 : from));
    const norms = 24 * 33 * 64 + 12 * 17 * 64 * 4 + 6 * 9 * 128 * 5 + 3 * 5 * 256 * 5 + 6 * 512 * 5;
    const keypoints = 6 * 5 * 512 + 6 * 5 * 2 + 10 * 7;
    const expected =
      24 * 33 * 64 * 3 * 49 +
      stage(12 * 17, 64, 64) +
      stage(6 * 9, 64, 128) +
      stage(3 * 5, 128, 256) +
      stage(2 * 3, 256, 512) +
      norms +
      keypoints;
    assert.equal(build(wrist, wristTensors).multiplyAdds, expected);
  });

  it("is a file that ONNX's checker accepts", function () {
    requireOnnx(this);
    assertValidOnnx(build(wrist, wristTensors).bytes);
  });
});

describe('weights that do not fit the camera encoder', () => {
  const refuses = (change: (tensors: Map<string, FloatTensor>) => void, message: RegExp): void => {
    const tensors = new Map(wristTensors);
    change(tensors);
    assert.throws(
      () => build(wrist, tensors),
      (error) => error instanceof BadInput && message.test(error.message),
    );
  };
  const zeros = (...shape: number[]): FloatTensor =>
    floatTensor(shape, new Float32Array(shape.reduce((a, b) => a * b, 1)));

  for (const [tensor, shape] of [
    ['backbone.conv1.weight', [64, 4, 7, 7]],
    ['backbone.layer2.0.downsample.0.weight', [128, 64, 3, 3]],
    ['backbone.layer4.1.bn2.bias', [256]],
    ['pool.weight', [6, 512, 1, 1]],
    ['pool.temperature', [5]],
    ['linear.weight', [7, 12]],
  ] as const) {
    it(`are refused: ${tensor} of another shape`, () => {
      refuses(
        (tensors) => tensors.set(`wrist.${tensor}`, zeros(...shape)),
        new RegExp(`wrist\\.${tensor.replaceAll('.', '\\.')}' is \\[${shape.join(', ')}\\]`),
      );
    });
    it(`are refused: no ${tensor}`, () => {
      refuses(
        (tensors) => tensors.delete(`wrist.${tensor}`),
        new RegExp(`wrist\\.${tensor.replaceAll('.', '\\.')}' is missing`),
      );
    });
  }

  it('are refused: a temperature of zero', () => {
    refuses((tensors) => tensors.set('wrist.pool.temperature', zeros(1)), /temperature: is 0/);
  });

  it('are refused: a crop larger than the image', () => {
    assert.throws(
      () => build(wrist, wristTensors, { crop: [48, 71] }),
      (error) => error instanceof BadInput && /wrist.*\[48, 71\].*\[51, 70\]/.test(error.message),
    );
  });
});
