import assert from 'node:assert/strict';
import * as ort from 'onnxruntime-node';
import type { OnnxGraph } from '../../src/compiler/graph.js';
import { buildImageEncoderGraph } from '../../src/compiler/image_encoder/image_encoder.js';
import { BadInput } from '../../src/errors.js';
import { Weights } from '../../src/policy/policy_package.js';
import { floatTensor, type FloatTensor } from '../../src/policy/safetensors.js';
import { type ReferenceCamera, referenceFeatures } from './convolution_encoder_reference.js';
import { assertValidOnnx, requireOnnx } from './onnx_checker.js';
import { convolutionWeights, patternedImage } from './patterned_weights.js';

// Odd margins (1.5 and 2.5 pixels: to the even one), a stride that leaves a rest, maps that are not square; then no
// crop, a single convolution, and a map of one column.
const wrist: ReferenceCamera = {
  name: 'wrist',
  size: [26, 39],
  crop: [23, 34],
  corner: [2, 2],
  scale: [2, 1.5, 4],
  offset: [-1, -0.25, -2],
  convolutions: [
    { channels: 16, kernel: 5, stride: 2 },
    { channels: 24, kernel: 1, stride: 1 },
    { channels: 8, kernel: 3, stride: 3 },
  ],
  keypoints: 5,
  feature_dim: 7,
};
const front: ReferenceCamera = {
  ...wrist,
  ...{ name: 'front', size: [12, 3], crop: [12, 3], corner: [0, 0] },
  ...{ convolutions: [{ channels: 32, kernel: 7, stride: 4 }], keypoints: 8, feature_dim: 16 },
};
const wristTensors = convolutionWeights(wrist);

function build(camera: ReferenceCamera, tensors: ReadonlyMap<string, FloatTensor>): OnnxGraph {
  const { name, size, crop, scale, offset, convolutions, keypoints, feature_dim } = camera;
  return buildImageEncoderGraph(
    new Weights(tensors, 'encoder.safetensors'),
    {
      ...{ name, kind: 'image', size: [...size], crop: [...crop] },
      normaliser: { scale: [...scale], offset: [...offset] },
    },
    { kind: 'conv_spatial_softmax', convolutions: [...convolutions], keypoints, feature_dim },
  );
}

describe('the small camera encoder', () => {
  for (const camera of [wrist, front]) {
    it(`gives the features of plain loops: ${camera.name}, ${camera.size} cropped to ${camera.crop}`, async () => {
      const tensors = convolutionWeights(camera);
      const graph = build(camera, tensors);
      const session = await ort.InferenceSession.create(graph.bytes, { intraOpNumThreads: 1 });
      for (const frame of [0, 1]) {
        const rgb = patternedImage(camera.name, frame, camera.size);
        const image = new ort.Tensor('uint8', rgb, [1, ...camera.size, 3]);
        const { features } = await session.run({ image });
        assert.deepEqual(features!.dims, [1, camera.feature_dim]);
        const expected = referenceFeatures(camera, tensors, rgb);
        assert.ok(expected.some((value) => value > 0.1));
        for (const [i, value] of (features!.data as Float32Array).entries()) {
          assert.ok(Math.abs(value - expected[i]!) < 2e-5, `${i}: ${value} ${expected[i]}`);
        }
      }
      await session.release();
    });
  }

  it('counts the multiply-adds of its convolutions, norms and products', () => {
    // 12 x 17 places after the first and the second convolution, 4 x 6 after the third.
    const convolutions = 12 * 17 * (16 * 3 * 25 + 24 * 16) + 4 * 6 * 8 * 24 * 9;
    const norms = 12 * 17 * (16 + 24) + 4 * 6 * 8;
    const keypoints = 4 * 6 * 5 * (8 + 2) + 10 * 7;
    assert.equal(build(wrist, wristTensors).multiplyAdds, convolutions + norms + keypoints);
  });

  it("is a file that ONNX's checker accepts", function () {
    requireOnnx(this);
    assertValidOnnx(build(wrist, wristTensors).bytes);
  });
});

describe('weights that do not fit the small camera encoder', () => {
  const refuses = (change: (tensors: Map<string, FloatTensor>) => void, message: RegExp): void => {
    const tensors = new Map(wristTensors);
    change(tensors);
    assert.throws(
      () => build(wrist, tensors),
      (error) =>
        error instanceof BadInput &&
        error.message.startsWith('encoder.safetensors: ') &&
        message.test(error.message),
    );
  };
  const zeros = (...shape: number[]): FloatTensor =>
    floatTensor(shape, new Float32Array(shape.reduce((a, b) => a * b, 1)));

  for (const [tensor, shape] of [
    ['conv0.weight', [16, 4, 5, 5]],
    ['conv1.weight', [24, 16, 3, 3]],
    ['norm1.weight', [16]],
    ['norm2.bias', [16]],
    ['pool.weight', [5, 512, 1, 1]],
    ['pool.bias', [6]],
    ['pool.temperature', [5]],
    ['linear.weight', [7, 12]],
    ['linear.bias', [8]],
  ] as const) {
    const named = `wrist\\.${tensor.replaceAll('.', '\\.')}'`;
    it(`are refused: ${tensor} of another shape`, () => {
      refuses(
        (tensors) => tensors.set(`wrist.${tensor}`, zeros(...shape)),
        new RegExp(`${named} is \\[${shape.join(', ')}\\]`),
      );
    });
    it(`are refused: no ${tensor}`, () => {
      refuses((tensors) => tensors.delete(`wrist.${tensor}`), new RegExp(`${named} is missing`));
    });
  }

  it('are refused: values that are not finite', () => {
    refuses(
      (tensors) =>
        tensors.set('wrist.norm0.weight', floatTensor([16], new Float32Array(16).fill(NaN))),
      /wrist\.norm0\.weight' holds values that are not finite/,
    );
  });
});
