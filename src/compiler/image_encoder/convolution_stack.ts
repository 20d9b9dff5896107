import { CHANNELS_PER_GROUP, type ConvolutionSpec } from '../../policy/encoder_schema.js';
import type { Weights } from '../../policy/policy_package.js';
import type { GraphBuilder, Value } from '../graph.js';
import { groupNorm } from './group_norm.js';
import { learnedConvolution } from './learned_convolution.js';

/**
 * Convolutions one after the other, each with GroupNorm and ReLU: (1, 3, H, W) -> (1, C, H', W'), where each
 * divides height and width by its stride, rounded up.
 * @param name of the tensors `.conv0.weight` (channels, C, kernel, kernel), `.norm0.weight`, `.norm0.bias`, ...
 * @throws BadInput naming a tensor that is missing or has another shape
 */
export function convolutionStack(
  graph: GraphBuilder,
  weights: Weights,
  name: string,
  convolutions: readonly ConvolutionSpec[],
  image: Value,
): Value {
  let x = image;
  for (const [i, spec] of convolutions.entries()) {
    const padding = (spec.kernel - 1) / 2;
    x = learnedConvolution(graph, weights, `${name}.conv${i}.weight`, x, { ...spec, padding });
    x = groupNorm(graph, weights, `${name}.norm${i}`, x, CHANNELS_PER_GROUP);
    x = graph.unary('Relu', x);
  }
  return x;
}
