import { BadInput } from '../../errors.js';
import type { Weights } from '../../policy/policy_package.js';
import type { GraphBuilder, Value } from '../graph.js';
import { convolution } from './convolution.js';

/**
 * SpatialSoftmax (Finn et al. 2016, sec. V): a 1x1 convolution to one map per keypoint, a softmax over each
 * map, and the expected position under it, x and y in [-1, 1].
 * @param name of the tensors `.weight` (keypoints, C, 1, 1), `.bias` (keypoints), `.temperature` (1)
 * @param features (1, C, H, W)
 * @returns (1, 2 * keypoints): x0, y0, x1, y1, ...
 * @throws BadInput naming a tensor that does not fit
 */
export function spatialSoftmax(
  graph: GraphBuilder,
  weights: Weights,
  name: string,
  keypoints: number,
  features: Value,
): Value {
  const [, channels, height, width] = features.shape as [number, number, number, number];
  const temperature = weights.get(`${name}.temperature`, [1]).data[0]!;
  if (!Number.isFinite(temperature) || temperature === 0) {
    throw new BadInput(`is ${temperature}`, `${name}.temperature`, 'import the checkpoint again');
  }
  // softmax((w x + b) / temperature): the division belongs into the constants.
  const scaled = (part: string, shape: readonly number[]): Value =>
    graph.constant(`${name}.${part}`, shape, () =>
      weights.get(`${name}.${part}`, shape).data.map((value) => value / temperature),
    );
  const maps = convolution(
    graph,
    features,
    scaled('weight', [keypoints, channels, 1, 1]),
    scaled('bias', [keypoints]),
    { stride: 1, padding: 0 },
  );
  const attention = graph.softmax(graph.reshape(maps, [keypoints, height * width]));
  const grid = graph.constant(`${name}.grid`, [height * width, 2], () =>
    positionGrid(height, width),
  );
  return graph.reshape(graph.matmul(attention, grid), [1, 2 * keypoints]);
}

/** (H * W, 2): x and y of every place of a map, row by row, from -1 (left, top) to 1. */
function positionGrid(height: number, width: number): Float32Array {
  // A single row or column lies at -1, as numpy's linspace has it.
  const along = (index: number, count: number): number =>
    count === 1 ? -1 : (2 * index) / (count - 1) - 1;
  return Float32Array.from({ length: 2 * height * width }, (_, i) => {
    const place = Math.floor(i / 2);
    return i % 2 === 0 ? along(place % width, width) : along(Math.floor(place / width), height);
  });
}
