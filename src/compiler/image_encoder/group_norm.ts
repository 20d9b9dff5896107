import { elementCount } from '../../policy/safetensors.js';
import type { Weights } from '../../policy/policy_package.js';
import type { GraphBuilder, Value } from '../graph.js';
import { convolution } from './convolution.js';

/** PyTorch's default, which no encoder changes. */
const EPSILON = 1e-5;

/**
 * GroupNorm (Wu and He 2018) with its learned scale and shift per channel: (1, C, H, W) -> (1, C, H, W).
 *
 * ONNX Runtime has no kernel for it on the CPU. The statistics are an InstanceNormalization of (1, groups,
 * channelsPerGroup H W); scale and shift are a depthwise 1x1 convolution, into which ONNX Runtime folds the ReLU and the
 * residual sum that follow, and which takes its blocked layout. Multiply and add instead are 8 % slower
 * over the whole encoder (one thread, AVX-512).
 *
 * @param name of the two tensors, `.weight` and `.bias`, each (C)
 * @param channelsPerGroup channels that are normed together; divides C
 */
export function groupNorm(
  graph: GraphBuilder,
  weights: Weights,
  name: string,
  x: Value,
  channelsPerGroup: number,
): Value {
  const channels = x.shape[1]!;
  const groups = channels / channelsPerGroup;
  const normed = graph.node(
    'InstanceNormalization',
    [
      graph.reshape(x, [1, groups, elementCount(x.shape) / groups]),
      graph.constant(`ones_${groups}`, [groups], () => new Float32Array(groups).fill(1)),
      graph.constant(`zeros_${groups}`, [groups], () => new Float32Array(groups)),
    ],
    [1, groups, elementCount(x.shape) / groups],
    { epsilon: { float: EPSILON } },
  );
  const parameter = (part: string, shape: readonly number[]): Value =>
    graph.constant(`${name}.${part}`, shape, () => weights.get(`${name}.${part}`, [channels]).data);
  return convolution(
    graph,
    graph.reshape(normed, x.shape),
    parameter('weight', [channels, 1, 1, 1]),
    parameter('bias', [channels]),
    { stride: 1, padding: 0, groups: channels },
  );
}
