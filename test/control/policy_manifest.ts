import { parseManifest, type PolicyInput, type PolicyManifest } from '../../src/policy/manifest.js';

/** A camera input of 8 x 12 pixels. */
export const IMAGE_INPUT: PolicyInput = {
  name: 'image',
  kind: 'image',
  size: [8, 12],
  crop: [6, 10],
  normaliser: { scale: [2, 2, 2], offset: [-1, -1, -1] },
};

/** A vector input of so many values, normalised by 0.5 x + 1. */
export function vectorInput(name: string, size: number): PolicyInput {
  const normaliser = { scale: Array<number>(size).fill(0.5), offset: Array<number>(size).fill(1) };
  return { name, kind: 'vector', size, normaliser };
}

/** Width of the features of {@link IMAGE_INPUT}. */
export const FEATURE_DIM = 3;

/**
 * The manifest of a policy with To 2, Ta 4, T 5, K 3 and two joints at 20 Hz; by default it observes two joint
 * positions.
 */
export function policyManifest({
  inputs = [vectorInput('observation', 2)],
  action,
  ...rest
}: Partial<Pick<PolicyManifest, 'inputs' | 'observation_sources'>> & {
  action?: Partial<PolicyManifest['action']>;
} = {}): PolicyManifest {
  const images = inputs.some((input) => input.kind === 'image');
  return parseManifest(
    {
      format: 'bac_policy/policy@1',
      architecture: {
        kind: 'transformer_for_diffusion',
        layers: 1,
        heads: 1,
        embedding: 4,
        horizon: 5,
        n_obs_steps: 2,
        n_action_steps: 4,
        first_action_step: 1,
        causal: true,
        n_cond_layers: 0,
        action_dim: 2,
        condition_dim: inputs.reduce(
          (sum, input) => sum + (input.kind === 'vector' ? input.size : FEATURE_DIM),
          0,
        ),
      },
      noise_scheduler: {
        kind: 'ddpm',
        train_steps: 3,
        steps: 3,
        beta_schedule: 'squaredcos_cap_v2',
        beta_start: 0.0001,
        beta_end: 0.02,
        prediction_type: 'epsilon',
        clip_range: 1,
        variance: 'fixed_small',
        set_alpha_to_one: true,
        steps_offset: 0,
      },
      inputs,
      ...(images
        ? { encoder: { kind: 'resnet18_spatial_softmax', feature_dim: FEATURE_DIM, keypoints: 4 } }
        : {}),
      action: {
        normaliser: { scale: [1, 1], offset: [0, 0] },
        joint_names: ['j1', 'j2'],
        rate_hz: 20,
        mode: 'absolute',
        ...action,
      },
      provenance: {
        source: 'test',
        source_sha256: '0'.repeat(64),
        importer: 'test',
        importer_version: '1',
      },
      files: { 'denoiser.safetensors': { sha256: '0'.repeat(64), bytes: 0 } },
      ...rest,
    },
    'test manifest',
  );
}
