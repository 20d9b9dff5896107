import type { Weights } from '../../policy/policy_package.js';
import type { GraphBuilder, Value } from '../graph.js';
import { maxPool, type Window } from './convolution.js';
import { groupNorm } from './group_norm.js';
import { learnedConvolution } from './learned_convolution.js';

/** Channels of the four stages; each but the first halves height and width. */
const STAGES = [64, 128, 256, 512];
const BLOCKS_PER_STAGE = 2;

/** Channels that are normed together: upstream makes groups = channels / 16. */
const CHANNELS_PER_GROUP = 16;

/**
 * The trunk of ResNet18 (He et al. 2015, table 1) with GroupNorm: (1, 3, H, W) -> (1, 512, H / 32, W / 32),
 * sizes rounded up. Tensors have torchvision's names under `name`.
 * @throws BadInput naming a tensor that is missing or has another shape
 */
export function resnet18(graph: GraphBuilder, weights: Weights, name: string, image: Value): Value {
  const conv = (part: string, x: Value, channels: number, kernel: number, window: Window): Value =>
    learnedConvolution(graph, weights, `${name}.${part}.weight`, x, {
      ...{ channels, kernel },
      ...window,
    });
  const norm = (part: string, x: Value): Value =>
    groupNorm(graph, weights, `${name}.${part}`, x, CHANNELS_PER_GROUP);
  const relu = (x: Value): Value => graph.unary('Relu', x);

  const stem = conv('conv1', image, STAGES[0]!, 7, { stride: 2, padding: 3 });
  let x = maxPool(graph, relu(norm('bn1', stem)), { size: 3, stride: 2, padding: 1 });
  for (const [stage, channels] of STAGES.entries()) {
    for (let index = 0; index < BLOCKS_PER_STAGE; index++) {
      const block = `layer${stage + 1}.${index}`;
      const stride = stage > 0 && index === 0 ? 2 : 1;
      const first = conv(`${block}.conv1`, x, channels, 3, { stride, padding: 1 });
      const second = conv(`${block}.conv2`, relu(norm(`${block}.bn1`, first)), channels, 3, {
        stride: 1,
        padding: 1,
      });
      const shortcut =
        stride === 1
          ? x
          : norm(
              `${block}.downsample.1`,
              conv(`${block}.downsample.0`, x, channels, 1, { stride, padding: 0 }),
            );
      x = relu(graph.add(norm(`${block}.bn2`, second), shortcut));
    }
  }
  return x;
}
