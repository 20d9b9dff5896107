import type { ActionSpec, ImageInput, PolicyInput } from '../policy/manifest.js';
import { normaliserFrom } from './normaliser_tensors.js';
import type { StateDict } from './state_dict.js';
import type { TrainingConfig } from './training_config.js';

/** Upstream's default crop, used where the configuration does not mention one (null means none). */
const DEFAULT_CROP = [76, 76];
const OBS = 'policy.shape_meta.obs';

/** The normaliser of one field (`action`, `obs` or an observation's key) for `size` values. */
export async function readNormaliser(
  state: StateDict,
  field: string,
  size: number,
): Promise<ActionSpec['normaliser']> {
  const key = `normalizer.params_dict.${field}`;
  return normaliserFrom(
    await state.read(`${key}.scale`),
    await state.read(`${key}.offset`),
    size,
    key,
  );
}

/** What the `shape_meta` of an image policy observes, in its order, which is that of the encoded condition. */
export async function inputsFromShapeMeta(
  config: TrainingConfig,
  state: StateDict,
): Promise<PolicyInput[]> {
  const inputs: PolicyInput[] = [];
  for (const name of config.keys(OBS)) {
    const key = `${OBS}.${name}`;
    const shape = config.integers(`${key}.shape`);
    if (!shape) throw config.bad(`${key}.shape`, 'is missing');
    const type = config.choice(`${key}.type`, ['rgb', 'low_dim'], 'low_dim');
    if (type === 'rgb') {
      inputs.push(await imageInput(config, state, name, shape));
    } else {
      const size = shape.reduce((product, length) => product * length, 1);
      if (!Number.isSafeInteger(size) || size > 1_000_000) {
        throw config.bad(`${key}.shape`, 'is too large');
      }
      inputs.push({
        name,
        kind: 'vector',
        size,
        normaliser: await readNormaliser(state, name, size),
      });
    }
  }
  if (inputs.length === 0) throw config.bad(OBS, 'lists no observations');
  return inputs;
}

async function imageInput(
  config: TrainingConfig,
  state: StateDict,
  name: string,
  shape: readonly number[],
): Promise<ImageInput> {
  const [channels, height, width] = shape as [number, number, number];
  if (shape.length !== 3 || channels !== 3) {
    throw config.bad(`${OBS}.${name}.shape`, `is [${shape.join(', ')}], not [3, height, width]`);
  }
  const crop = config.keys('policy').includes('crop_shape')
    ? (config.integers('policy.crop_shape') ?? [height, width])
    : DEFAULT_CROP;
  if (crop.length !== 2 || crop[0]! > height || crop[1]! > width) {
    throw config.bad('policy.crop_shape', `is [${crop.join(', ')}], not within ${height}x${width}`);
  }
  const normaliser = await readNormaliser(state, name, 3);
  // Upstream repeats its scales along the last axis, an image's columns: only one scale for all is meaningful.
  const isUniform = [normaliser.scale, normaliser.offset].every((values) =>
    values.every((value) => value === values[0]),
  );
  if (!isUniform) throw state.bad(`the normaliser of ${name} differs between channels`);
  return { name, kind: 'image', size: [height, width], crop: [crop[0]!, crop[1]!], normaliser };
}
