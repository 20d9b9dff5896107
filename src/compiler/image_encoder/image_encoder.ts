import type { Encoder } from '../../policy/encoder_schema.js';
import type { ImageInput } from '../../policy/manifest.js';
import type { Weights } from '../../policy/policy_package.js';
import { GraphBuilder, type OnnxGraph, type Value } from '../graph.js';
import { centerCrop } from './center_crop.js';
import { convolutionStack } from './convolution_stack.js';
import { resnet18 } from './resnet18.js';
import { spatialSoftmax } from './spatial_softmax.js';

/**
 * From a camera's pixels to its part of the condition: the normaliser, the crop, a trunk of convolutions with
 * GroupNorm, SpatialSoftmax, a linear layer and a ReLU. With ResNet18 as the trunk this is robomimic's observation
 * encoder at evaluation.
 *
 * Input `image` uint8 (1, H, W, 3), RGB, of the input's size; output `features` (1, feature_dim).
 *
 * @param weights of `encoder.safetensors`, names beginning with the input's
 * @throws BadInput naming a tensor that is missing or does not fit
 */
export function buildImageEncoderGraph(
  weights: Weights,
  input: ImageInput,
  encoder: Encoder,
): OnnxGraph {
  const g = new GraphBuilder();
  const image = g.input('image', [1, ...input.size, 3], 'uint8');
  const pixels = normalised(g, input, centerCrop(g, input, image));
  const features =
    encoder.kind === 'resnet18_spatial_softmax'
      ? resnet18(g, weights, `${input.name}.backbone`, pixels)
      : convolutionStack(g, weights, input.name, encoder.convolutions, pixels);
  const keypoints = spatialSoftmax(g, weights, `${input.name}.pool`, encoder.keypoints, features);
  const parameter = (part: string, shape: readonly number[]): Value => {
    const name = `${input.name}.linear.${part}`;
    return g.constant(name, shape, () => weights.get(name, shape).data);
  };
  const linear = g.gemm(
    keypoints,
    parameter('weight', [encoder.feature_dim, 2 * encoder.keypoints]),
    parameter('bias', [encoder.feature_dim]),
    { transB: true },
  );
  return g.finish({ features: g.unary('Relu', linear) });
}

/**
 * Bytes to the values the network was trained on: uint8 (1, H, W, 3) -> (1, 3, H, W). The first convolution
 * pads with zeros of the normalised image, so it cannot take the offset over.
 */
function normalised(g: GraphBuilder, { normaliser }: ImageInput, image: Value): Value {
  const perChannel = (name: string, values: readonly number[]): Value =>
    g.constant(`image.${name}`, [3, 1, 1], () => Float32Array.from(values));
  const pixels = g.toFloat(g.transpose(image, [0, 3, 1, 2]));
  const scale = normaliser.scale.map((value) => value / 255);
  return g.add(
    g.binary('Mul', pixels, perChannel('scale', scale)),
    perChannel('offset', normaliser.offset),
  );
}
