import { join } from 'node:path';
import { denoiserLayout } from '../../src/importers/denoiser_layout.js';
import { seededBatchNoise } from '../../src/inference/seeded_batch_noise.js';
import type { DenoisingInputs } from '../../src/caching/denoising_inputs.js';
import type { Architecture, NoiseScheduler } from '../../src/policy/manifest.js';
import { type PolicyPackage, readPolicyPackage } from '../../src/policy/policy_package.js';
import { elementCount, type FloatTensor, floatTensor } from '../../src/policy/safetensors.js';
import { writePolicyPackage } from '../../src/policy/write_policy_package.js';
import { normals } from './seeded_random.js';
import { temporaryDirectory } from './temporary_directory.js';

/** What sets a random policy apart; the rest is that of a small DP-T. */
export interface RandomPolicyOptions {
  readonly architecture?: Partial<Architecture>;
  readonly noise_scheduler?: Partial<NoiseScheduler>;
  readonly seed?: number;
}

const ARCHITECTURE: Architecture = {
  kind: 'transformer_for_diffusion',
  layers: 2,
  heads: 2,
  embedding: 32,
  horizon: 6,
  n_obs_steps: 2,
  n_action_steps: 3,
  first_action_step: 1,
  causal: true,
  n_cond_layers: 0,
  action_dim: 3,
  condition_dim: 5,
};

export const NOISE_SCHEDULER: NoiseScheduler = {
  kind: 'ddpm',
  train_steps: 20,
  steps: 20,
  beta_schedule: 'squaredcos_cap_v2',
  beta_start: 0.0001,
  beta_end: 0.02,
  prediction_type: 'epsilon',
  clip_range: 1,
  variance: 'fixed_small',
  set_alpha_to_one: true,
  steps_offset: 0,
};

/** A policy package with random weights, every one of which matters; the same for the same options. */
export async function randomPolicy(options: RandomPolicyOptions = {}): Promise<PolicyPackage> {
  const architecture = { ...ARCHITECTURE, ...options.architecture };
  const { action_dim: actions, condition_dim: width } = architecture;
  const seed = options.seed ?? 1;
  const directory = join(temporaryDirectory(), 'policy');
  await writePolicyPackage(
    directory,
    {
      format: 'bac_policy/policy@1',
      architecture,
      noise_scheduler: { ...NOISE_SCHEDULER, ...options.noise_scheduler },
      inputs: [
        { name: 'observation', kind: 'vector', size: width, normaliser: normaliser(seed, width) },
      ],
      action: { normaliser: normaliser(seed + 1, actions) },
      provenance: {
        source: 'random',
        source_sha256: '0'.repeat(64),
        importer: 'test',
        importer_version: '1',
      },
    },
    { denoiser: randomWeights(architecture, seed), encoder: undefined },
  );
  return readPolicyPackage(directory);
}

function normaliser(seed: number, width: number): { scale: number[]; offset: number[] } {
  return {
    scale: [...normals(seed, width)].map((value) => Math.exp(value / 2)),
    offset: [...normals(seed + 100, width)],
  };
}

/** Normal weights that neither die out nor blow up on their way through the layers. */
function randomWeights(architecture: Architecture, seed: number): Map<string, FloatTensor> {
  const tensors = new Map<string, FloatTensor>();
  for (const [name, shape] of denoiserLayout(architecture)) {
    const isScale = /(norm\d|ln_f)\.weight$/.test(name);
    const spread = shape.length === 2 ? 1 / Math.sqrt(shape[1]!) : 0.3;
    const values = normals(seed * 1000 + tensors.size, elementCount(shape));
    tensors.set(
      name,
      floatTensor(
        shape,
        values.map((value) => value * spread + Number(isScale)),
      ),
    );
  }
  return tensors;
}

/** Random conditions and noises, N samples of them. */
export function randomInputs(
  { manifest }: PolicyPackage,
  samples: number,
  seed: number,
): DenoisingInputs {
  const { n_obs_steps: window, condition_dim: width } = manifest.architecture;
  return {
    samples,
    condition: normals(seed, samples * window * width).map((value) => 0.6 * value),
    ...seededBatchNoise(seed, samples, manifest),
  };
}
