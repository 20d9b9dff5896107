import type { Architecture } from '../policy/manifest.js';
import { floatTensor, type FloatTensor } from '../policy/safetensors.js';
import { denoiserLayout } from './denoiser_layout.js';
import type { StateDict } from './state_dict.js';
import type { TrainingConfig } from './training_config.js';

/** Constants that `TransformerForDiffusion` saves beside what it learned. */
const CONSTANTS = new Set(['mask', 'memory_mask', '_dummy_variable']);

/** Where a kind of policy keeps the settings of its transformer, and upstream's defaults for them. */
export interface TransformerSettings {
  readonly key: string;
  readonly heads: number;
  readonly causal: boolean;
  readonly obsAsCond: boolean;
}

/**
 * Reads upstream's `TransformerForDiffusion`: its numbers from the configuration, checked against the shapes
 * of the tensors (which also stand in where the configuration is silent), and its weights.
 * @param actionDim A as the configuration gives it, if it does
 * @throws BadInput naming the setting or tensor that is not supported or does not fit
 */
export async function importDenoiser(
  config: TrainingConfig,
  state: StateDict,
  settings: TransformerSettings,
  actionDim: number | undefined,
): Promise<{ architecture: Architecture; tensors: Map<string, FloatTensor> }> {
  const { key } = settings;
  refuseOtherTransformers(config, state, settings);
  const agreed = (value: number | undefined, name: string, tensor: string, is: number): number => {
    if (value !== undefined && value !== is) {
      throw config.bad(name, `is ${value}, but tensor ${tensor} says ${is}`);
    }
    return is;
  };
  const setting = (name: string, tensor: string, is: number): number =>
    agreed(config.value(name) === undefined ? undefined : config.integer(name), name, tensor, is);

  const [embedding, inputDim] = state.shape('model.input_emb.weight', 2) as [number, number];
  const trainedHorizon = state.shape('model.pos_emb', 3)[1]!;
  const conditionTokens = state.shape('model.cond_pos_emb', 3)[1]!;
  const conditionDim = state.shape('model.cond_obs_emb.weight', 2)[1]!;
  const layers = countLayers(state, 'model.decoder.layers.');
  const condLayers = countLayers(state, 'model.encoder.layers.');
  setting(`${key}.n_emb`, 'model.input_emb.weight', embedding);
  setting(`${key}.n_layer`, 'model.decoder.layers', layers);
  setting(`${key}.n_cond_layers`, 'model.encoder', condLayers);
  setting(`${key}.horizon`, 'model.pos_emb', trainedHorizon);
  setting(`${key}.n_obs_steps`, 'model.cond_pos_emb', conditionTokens - 1);
  setting('policy.n_obs_steps', 'model.cond_pos_emb', conditionTokens - 1);
  setting(`${key}.input_dim`, 'model.input_emb.weight', inputDim);
  setting(`${key}.output_dim`, 'model.head.weight', state.shape('model.head.weight', 2)[0]!);
  setting(`${key}.cond_dim`, 'model.cond_obs_emb.weight', conditionDim);
  agreed(actionDim, 'policy.action_dim', 'model.input_emb.weight', inputDim);

  const actionSteps = config.integer('policy.n_action_steps');
  const onlyExecuted = config.boolean('policy.pred_action_steps_only', false);
  const horizon = onlyExecuted ? actionSteps : config.integer('policy.horizon', trainedHorizon);
  if (horizon > trainedHorizon) {
    throw config.bad(
      'policy.horizon',
      `is ${horizon}, but tensor model.pos_emb says ${trainedHorizon}`,
    );
  }
  const architecture: Architecture = {
    kind: 'transformer_for_diffusion',
    layers,
    heads: config.integer(`${key}.n_head`, settings.heads),
    embedding,
    horizon,
    n_obs_steps: conditionTokens - 1,
    n_action_steps: actionSteps,
    first_action_step: onlyExecuted ? 0 : conditionTokens - 2,
    causal: config.boolean(`${key}.causal_attn`, settings.causal),
    n_cond_layers: condLayers,
    action_dim: inputDim,
    condition_dim: conditionDim,
  };
  await checkMasks(config, state, architecture.causal, `${key}.causal_attn`);
  const layout = denoiserLayout({ ...architecture, horizon: trainedHorizon });
  for (const name of state.names()) {
    const inner = name.slice('model.'.length);
    if (name.startsWith('model.') && !layout.has(inner) && !CONSTANTS.has(inner)) {
      throw state.bad(`tensor ${name} is not part of TransformerForDiffusion`);
    }
  }
  const tensors = await state.readLayout('model.', layout);
  // Upstream adds the first `horizon` position embeddings when it denoises fewer tokens than it could.
  const positions = tensors.get('pos_emb')!.data.slice(0, horizon * embedding);
  tensors.set('pos_emb', floatTensor([1, horizon, embedding], positions));
  return { architecture, tensors };
}

/** Upstream's class is also an encoder-only network (BERT) and can denoise observations: neither is DP-T. */
function refuseOtherTransformers(
  config: TrainingConfig,
  state: StateDict,
  { key, obsAsCond }: TransformerSettings,
): void {
  if (!config.boolean('policy.obs_as_cond', obsAsCond)) {
    throw config.bad('policy.obs_as_cond', 'is false (observations by inpainting), not supported');
  }
  if (!config.boolean(`${key}.time_as_cond`, true)) {
    throw config.bad(`${key}.time_as_cond`, 'is false (encoder-only transformer), not supported');
  }
  if (!state.names().some((name) => name.startsWith('model.decoder.'))) {
    throw state.bad(
      'has no tensors model.decoder.*: only transformers with a decoder are supported',
    );
  }
}

/** Number of layers 0..n-1 under a prefix. */
function countLayers(state: StateDict, prefix: string): number {
  const indices = new Set<string>();
  for (const name of state.names()) {
    if (name.startsWith(prefix)) indices.add(name.slice(prefix.length).split('.')[0]!);
  }
  let count = 0;
  while (indices.has(String(count))) count++;
  if (indices.size !== count) throw state.bad(`the layers ${prefix}* are not numbered 0..n-1`);
  return count;
}

/** The saved masks must be those that `causal` stands for: a token sees what is not later than itself. */
async function checkMasks(
  config: TrainingConfig,
  state: StateDict,
  causal: boolean,
  key: string,
): Promise<void> {
  if (state.has('model.mask') !== causal) {
    throw config.bad(
      key,
      `is ${causal}, but tensor model.mask ${causal ? 'is missing' : 'is there'}`,
    );
  }
  if (!causal) return;
  // In the memory, the time comes before the observations: key s is observation s - 1.
  for (const [name, shift] of [
    ['model.mask', 0],
    ['model.memory_mask', 1],
  ] as const) {
    const keys = state.shape(name, 2)[1]!;
    const { data } = await state.read(name, true);
    const isCausal = data.every((value, i) => {
      const query = Math.floor(i / keys);
      return value === (query >= (i % keys) - shift ? 0 : -Infinity);
    });
    if (!isCausal) throw state.bad(`tensor ${name} is not the causal mask`);
  }
}
