import { denoiserLayout } from '../../src/importers/denoiser_layout.js';
import { FakeTensor, pickle, type Picklable } from './pickle_bytes.js';
import { zip, type ZipEntry } from './zip_bytes.js';

/** A dictionary to be pickled. */
export type Dict = Record<string, Picklable>;

/** Layers, width, horizon, ... of the low-dimensional checkpoint made here. */
export const NUMBERS = {
  layers: 1,
  embedding: 4,
  horizon: 6,
  n_obs_steps: 2,
  n_cond_layers: 0,
  action_dim: 2,
  condition_dim: 3,
};

/** Tensors of one state dict by upstream's names; values are written by {@link checkpointBytes}. */
export type FakeState = Map<string, { shape: readonly number[]; data: Float32Array | Int8Array }>;

/** A state dict of the low-dimensional policy, every value different. */
export function lowdimState(): FakeState {
  const state: FakeState = new Map();
  let next = 0;
  const add = (name: string, shape: readonly number[], fill?: (i: number) => number): void => {
    const data = new Float32Array(shape.reduce((product, size) => product * size, 1));
    state.set(name, { shape, data: data.map((_, i) => fill?.(i) ?? next++ / 1024) });
  };
  add('_dummy_variable', [0]);
  for (const [name, shape] of denoiserLayout(NUMBERS)) add(`model.${name}`, shape);
  const { horizon: T, n_obs_steps: To } = NUMBERS;
  const causal = (keys: number, shift: number) => (i: number) =>
    Math.floor(i / keys) >= (i % keys) - shift ? 0 : -Infinity;
  add('model.mask', [T, T], causal(T, 0));
  add('model.memory_mask', [T, 1 + To], causal(1 + To, 1));
  add('normalizer.params_dict.obs.scale', [3], () => 2);
  add('normalizer.params_dict.obs.offset', [3], () => -1);
  add('normalizer.params_dict.action.scale', [2], () => 4);
  add('normalizer.params_dict.action.offset', [2], () => 0.5);
  return state;
}

/** The configuration that goes with it, as upstream's YAML has it (plain dictionaries). */
export function lowdimConfig(): { policy: Dict & { model: Dict; noise_scheduler: Dict } } & Dict {
  return {
    horizon: 6,
    policy: {
      _target_: 'diffusion_policy.policy.x.DiffusionTransformerLowdimPolicy',
      model: {
        _target_: 'diffusion_policy.model.x.TransformerForDiffusion',
        n_layer: 1,
        n_head: 2,
        n_emb: 4,
        horizon: '${horizon}',
        causal_attn: true,
      },
      noise_scheduler: {
        _target_: 'diffusers.x.DDPMScheduler',
        num_train_timesteps: 10,
        beta_schedule: 'squaredcos_cap_v2',
      },
      horizon: '${horizon}',
      n_action_steps: 3,
      n_obs_steps: 2,
      obs_dim: 3,
      action_dim: 2,
      obs_as_cond: true,
    },
  };
}

/** A whole checkpoint file. @param states by name, as under `state_dicts` */
export function checkpointBytes(config: Dict, states: Readonly<Record<string, FakeState>>): Buffer {
  return zip(checkpointEntries(config, states));
}

/** The entries of a checkpoint file, `data.pkl` first. */
export function checkpointEntries(
  config: Dict,
  states: Readonly<Record<string, FakeState>>,
): ZipEntry[] {
  const storages: ZipEntry[] = [];
  const stateDicts: Record<string, Dict> = {};
  for (const [name, state] of Object.entries(states)) {
    const tensors: Record<string, FakeTensor> = {};
    for (const [tensorName, { shape, data }] of state) {
      const key = String(storages.length);
      const type = data instanceof Float32Array ? 'FloatStorage' : 'CharStorage';
      tensors[tensorName] = new FakeTensor(key, shape, type);
      const content = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
      storages.push({ name: `archive/data/${key}`, content });
    }
    stateDicts[name] = tensors;
  }
  const payload = pickle({ cfg: config, state_dicts: stateDicts, pickles: {} });
  return [{ name: 'archive/data.pkl', content: payload }, ...storages];
}
