import type { Weights } from '../../policy/policy_package.js';
import type { GraphBuilder, Value } from '../graph.js';
import { convolution, type Window } from './convolution.js';

/**
 * A square convolution without bias, as they are before a norm: (1, C, H, W) -> (1, channels, H', W').
 * @param tensor name of its weight (channels, C, kernel, kernel)
 * @throws BadInput when the tensor is missing or has another shape
 */
export function learnedConvolution(
  graph: GraphBuilder,
  weights: Weights,
  tensor: string,
  x: Value,
  { channels, kernel, ...window }: Window & { readonly channels: number; readonly kernel: number },
): Value {
  const shape = [channels, x.shape[1]!, kernel, kernel];
  const weight = graph.constant(tensor, shape, () => weights.get(tensor, shape).data);
  return convolution(graph, x, weight, undefined, window);
}
