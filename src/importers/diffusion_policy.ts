import { basename } from 'node:path';
import { BadInput } from '../errors.js';
import { sha256OfFile } from '../files.js';
import {
  parseManifest,
  POLICY_FORMAT,
  type ImageInput,
  type PolicyInput,
} from '../policy/manifest.js';
import type { PolicyContents, PolicyDescription } from '../policy/write_policy_package.js';
import { configValueOf } from './config_value.js';
import { importDenoiser } from './denoiser_import.js';
import { importEncoder } from './encoder_import.js';
import { noiseSchedulerFrom } from './noise_scheduler_config.js';
import { inputsFromShapeMeta, readNormaliser } from './policy_inputs.js';
import { StateDict } from './state_dict.js';
import { TorchCheckpoint } from './torch_checkpoint.js';
import { TrainingConfig } from './training_config.js';

const IMPORTER = 'diffusion_policy';
const IMPORTER_VERSION = '0.1.0';
const LOWDIM = 'DiffusionTransformerLowdimPolicy';
const HYBRID = 'DiffusionTransformerHybridImagePolicy';

/** Name of a low-dimensional policy's only input. */
const VECTOR_INPUT = 'observation';

/** Which of a checkpoint's weights to take. */
export type StateDictName = 'ema_model' | 'model';

/** A policy as it will be written, except for what a checkpoint does not know (topics, joint names). */
export interface ImportedPolicy {
  readonly description: PolicyDescription;
  readonly contents: PolicyContents;
}

/**
 * Reads a checkpoint of real-stanford/diffusion_policy (`BaseWorkspace.save_checkpoint`): the transformer
 * policies on low-dimensional observations and on images. Nothing in it is executed.
 * @param weights which weights; by default the averaged ones (EMA), which upstream evaluates, if there are any
 * @throws BadInput naming what is wrong or not supported
 */
export async function importDiffusionPolicy(
  path: string,
  weights?: StateDictName,
): Promise<ImportedPolicy> {
  const checkpoint = await TorchCheckpoint.open(path);
  try {
    const payload = checkpoint.payload;
    const stateDicts = payload instanceof Map ? payload.get('state_dicts') : undefined;
    if (!(payload instanceof Map) || !payload.has('cfg') || !(stateDicts instanceof Map)) {
      throw new BadInput(
        'has no cfg and state_dicts',
        path,
        'give a checkpoint that a workspace of diffusion_policy saved',
      );
    }
    const config = new TrainingConfig(configValueOf(payload.get('cfg'), path), path);
    const chosen = weights ?? (stateDicts.has('ema_model') ? 'ema_model' : 'model');
    if (!stateDicts.has(chosen)) {
      throw new BadInput(
        `has no weights '${chosen}'`,
        `${path}, state_dicts`,
        'choose others with --state-dict ema_model|model',
      );
    }
    const state = new StateDict(
      checkpoint,
      stateDicts.get(chosen),
      `${path}, state_dicts.${chosen}`,
    );
    const policy = await readPolicy(config, state);
    const description: PolicyDescription = {
      format: POLICY_FORMAT,
      ...policy.description,
      provenance: {
        source: basename(path),
        source_sha256: await sha256OfFile(path),
        importer: IMPORTER,
        importer_version: IMPORTER_VERSION,
        weights: chosen,
      },
    };
    checkDescription(description, path);
    return { description, contents: policy.contents };
  } finally {
    checkpoint.close();
  }
}

type Policy = {
  description: Omit<PolicyDescription, 'format' | 'provenance'>;
  contents: PolicyContents;
};

async function readPolicy(config: TrainingConfig, state: StateDict): Promise<Policy> {
  const kind = config.className('policy');
  if (kind !== LOWDIM && kind !== HYBRID) {
    throw config.bad(
      'policy._target_',
      `is ${kind?.slice(0, 100) ?? 'missing'}, supported are ${LOWDIM} and ${HYBRID}`,
    );
  }
  refuseUnknownModules(state);
  const noiseScheduler = noiseSchedulerFrom(config);
  if (kind === LOWDIM) {
    const model = config.className('policy.model');
    if (model !== 'TransformerForDiffusion') {
      throw config.bad(
        'policy.model._target_',
        `is ${model?.slice(0, 100) ?? 'missing'}, supported is TransformerForDiffusion`,
      );
    }
  }
  const isLowdim = kind === LOWDIM;
  const actionDim = isLowdim
    ? optionalInteger(config, 'policy.action_dim')
    : config.integers('policy.shape_meta.action.shape')?.[0];
  const { architecture, tensors: denoiser } = await importDenoiser(
    config,
    state,
    isLowdim
      ? { key: 'policy.model', heads: 12, causal: false, obsAsCond: false }
      : { key: 'policy', heads: 4, causal: true, obsAsCond: true },
    actionDim,
  );
  const inputs = isLowdim
    ? [await lowdimInput(config, state, architecture.condition_dim)]
    : await inputsFromShapeMeta(config, state);
  const images = inputs.filter((input): input is ImageInput => input.kind === 'image');
  const encoder = images.length > 0 ? await importEncoder(config, state, images) : undefined;
  return {
    description: {
      architecture,
      noise_scheduler: noiseScheduler,
      inputs,
      ...(encoder ? { encoder: encoder.encoder } : {}),
      action: { normaliser: await readNormaliser(state, 'action', architecture.action_dim) },
    },
    contents: { denoiser, encoder: encoder?.tensors },
  };
}

async function lowdimInput(
  config: TrainingConfig,
  state: StateDict,
  conditionDim: number,
): Promise<PolicyInput> {
  const size = optionalInteger(config, 'policy.obs_dim') ?? conditionDim;
  if (size !== conditionDim) {
    throw config.bad(
      'policy.obs_dim',
      `is ${size}, but tensor model.cond_obs_emb.weight says ${conditionDim}`,
    );
  }
  const normaliser = await readNormaliser(state, 'obs', size);
  return { name: VECTOR_INPUT, kind: 'vector', size, normaliser };
}

function optionalInteger(config: TrainingConfig, key: string): number | undefined {
  return config.value(key) === undefined ? undefined : config.integer(key);
}

/** A module this importer does not know would be left out silently: better to refuse it. */
function refuseUnknownModules(state: StateDict): void {
  const known = /^(model|obs_encoder|normalizer|mask_generator)\.|^_dummy_variable$/;
  const unknown = state.names().find((name) => !known.test(name));
  if (unknown !== undefined) {
    throw state.bad(`tensor ${unknown.slice(0, 100)} belongs to no module that is supported`);
  }
}

/** Holds the result against the package's schema while the checkpoint can still be named as the culprit. */
function checkDescription(description: PolicyDescription, path: string): void {
  const unwritten = { sha256: '0'.repeat(64), bytes: 0 };
  parseManifest({ ...description, files: { 'denoiser.safetensors': unwritten } }, path);
}
