import type { ImageInput, PolicyManifest } from '../policy/manifest.js';
import type { FloatTensor } from '../policy/safetensors.js';
import { encoderLayout, encoderTensorName } from './encoder_layout.js';
import type { StateDict } from './state_dict.js';
import type { TrainingConfig } from './training_config.js';

const PREFIX = 'obs_encoder.obs_nets.';

/** Times a ResNet18 halves its image, rounding up. */
const HALVINGS = 5;

/**
 * Reads the encoder that upstream's hybrid policy takes from robomimic: per image a ResNet18 with GroupNorm,
 * a SpatialSoftmax and a linear layer.
 * @throws BadInput when it has BatchNorm or another network
 */
export async function importEncoder(
  config: TrainingConfig,
  state: StateDict,
  images: readonly ImageInput[],
): Promise<{ encoder: PolicyManifest['encoder']; tensors: Map<string, FloatTensor> }> {
  if (!config.boolean('policy.obs_encoder_group_norm', false)) {
    throw config.bad('policy.obs_encoder_group_norm', 'is false (BatchNorm), not supported');
  }
  const sources = findTensors(state);
  const shapeOf = (name: string, dimensions: number): readonly number[] => {
    const source = sources.get(name)?.[0];
    if (source === undefined) throw state.bad(`the encoder has no ${name}`);
    return state.shape(source, dimensions);
  };
  const first = images[0]!.name;
  const keypoints = shapeOf(`${first}.pool.weight`, 4)[0]!;
  const featureDim = shapeOf(`${first}.linear.weight`, 2)[0]!;
  const layout = encoderLayout(
    images.map((image) => image.name),
    keypoints,
    featureDim,
  );
  for (const [name, [source]] of sources) {
    if (!layout.has(name)) throw state.bad(`tensor ${source} belongs to no image input`);
  }
  for (const image of images) checkGrid(config, state, image);

  const tensors = new Map<string, FloatTensor>();
  for (const [name, expected] of layout) {
    const shape = shapeOf(name, expected.length);
    if (shape.join() !== expected.join()) {
      throw state.bad(
        `tensor ${sources.get(name)![0]} is [${shape.join(', ')}], expected [${expected.join(', ')}]`,
      );
    }
    tensors.set(name, await readCopies(state, sources.get(name)!));
  }
  return {
    encoder: { kind: 'resnet18_spatial_softmax', feature_dim: featureDim, keypoints },
    tensors,
  };
}

/** Clean name to the one or two names upstream has for it. */
function findTensors(state: StateDict): Map<string, string[]> {
  const sources = new Map<string, string[]>();
  for (const source of state.names()) {
    if (!source.startsWith('obs_encoder.')) continue;
    const name = source.startsWith(PREFIX)
      ? encoderTensorName(source.slice(PREFIX.length))
      : undefined;
    if (name === undefined || /\.(running_mean|running_var|num_batches_tracked)$/.test(source)) {
      throw state.bad(`tensor ${source} is not part of a ResNet18 with GroupNorm`);
    }
    if (name !== null) sources.set(name, [...(sources.get(name) ?? []), source]);
  }
  return sources;
}

/** One tensor that may be saved several times: as one memory, or as copies that must then be equal. */
async function readCopies(state: StateDict, names: readonly string[]): Promise<FloatTensor> {
  const [first, ...others] = names as [string, ...string[]];
  const tensor = await state.read(first);
  for (const other of others) {
    if (state.areSameView(first, other)) continue;
    const copy = await state.read(other);
    if (copy.shape.join() !== tensor.shape.join() || !sameValues(copy.data, tensor.data)) {
      throw state.bad(`tensors ${first} and ${other} should be copies of each other, but differ`);
    }
  }
  return tensor;
}

function sameValues(a: Float32Array, b: Float32Array): boolean {
  return a.every((value, i) => value === b[i]);
}

/** The grid of the SpatialSoftmax tells what size of crop the encoder was made for. */
function checkGrid(config: TrainingConfig, state: StateDict, image: ImageInput): void {
  const points = state.shape(`${PREFIX}${image.name}.nets.1.pos_x`, 2)[1]!;
  const [height, width] = image.crop.map((size) => Math.ceil(size / 2 ** HALVINGS)) as [
    number,
    number,
  ];
  if (points !== height * width) {
    throw config.bad(
      'policy.crop_shape',
      `gives features of ${height}x${width}, but tensor ${image.name}.pos_x has ${points} points`,
    );
  }
}
