import { join } from 'node:path';
import { importDiffusionPolicy } from '../../src/importers/diffusion_policy.js';
import { readVectors } from '../../src/inference/vectors.js';
import type { DenoisingInputs } from '../../src/caching/denoising_inputs.js';
import { type PolicyPackage, readPolicyPackage } from '../../src/policy/policy_package.js';
import { readSafetensors } from '../../src/policy/safetensors.js';
import { writePolicyPackage } from '../../src/policy/write_policy_package.js';
import './cache_directory.js';
import { temporaryDirectory } from './temporary_directory.js';

/** Checkpoints with vectors: the synthetic ones of test/reference/make_checkpoints.py and the demo's. */
const CHECKPOINTS = {
  cond_layers: 'test/fixtures/checkpoints/cond_layers',
  non_causal: 'test/fixtures/checkpoints/non_causal',
  ddim: 'test/fixtures/checkpoints/ddim',
  sample_prediction: 'test/fixtures/checkpoints/sample_prediction',
  model_only: 'test/fixtures/checkpoints/model_only',
  full: 'test/fixtures/checkpoints/full',
  fixed_large_noclip: 'test/fixtures/checkpoints/fixed_large_noclip',
  no_obs_history: 'test/fixtures/checkpoints/no_obs_history',
  half: 'test/fixtures/checkpoints/half',
  lift_tiny: 'demo/lift_tiny/lift_lowdim_tiny',
} as const;

/** Name of a checkpoint with vectors. */
export type FixtureName = keyof typeof CHECKPOINTS;
export const FIXTURE_NAMES = Object.keys(CHECKPOINTS) as FixtureName[];

/** An imported checkpoint and what PyTorch made of it. */
export interface Fixture {
  readonly policy: PolicyPackage;
  readonly vectorsPath: string;
  /** Observations and noises of the vectors, as `run` reads them. */
  readonly inputs: DenoisingInputs;
  /** A tensor of the vectors, such as `sample` (N, T, A), `action` or `samples` (K + 1, N, T, A). */
  readonly reference: (name: string) => Float32Array;
}

const opened = new Map<FixtureName, Promise<Fixture>>();

/** A fixture, imported once per test process. */
export function fixture(name: FixtureName): Promise<Fixture> {
  const known = opened.get(name) ?? open(name);
  opened.set(name, known);
  return known;
}

async function open(name: FixtureName): Promise<Fixture> {
  const checkpoint = `${CHECKPOINTS[name]}.ckpt`;
  const vectorsPath = `${CHECKPOINTS[name]}_vectors.safetensors`;
  const directory = join(temporaryDirectory(), name);
  const { description, contents } = await importDiffusionPolicy(checkpoint);
  await writePolicyPackage(directory, description, contents);
  const policy = await readPolicyPackage(directory);
  const { tensors } = await readSafetensors(vectorsPath, 2 ** 30);
  return {
    policy,
    vectorsPath,
    inputs: await readVectors(vectorsPath, policy.manifest, noCamera, { seed: 0 }),
    reference: (tensor) => {
      const found = tensors.get(tensor);
      if (!(found?.data instanceof Float32Array)) throw new Error(`${vectorsPath}: no '${tensor}'`);
      return found.data;
    },
  };
}

function noCamera(): never {
  throw new Error('these policies have no camera');
}
