import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../../src/files.js';
import { parseManifest } from '../../src/policy/manifest.js';
import { encodeSafetensors } from '../../src/policy/safetensors.js';

/** Numbers of {@link writePlaceholderPolicy}. */
export const PLACEHOLDER = { layers: 2, steps: 12 } as const;

/**
 * Writes a policy package that is valid in everything but has no weights worth the name: enough for planning,
 * which never runs the network.
 * @param name told apart only by it: packages of different names have different digests
 * @returns digest of its `policy.json`
 */
export function writePlaceholderPolicy(directory: string, name = 'placeholder.ckpt'): string {
  const weights = encodeSafetensors([
    ['nothing', { dtype: 'F32', shape: [1], data: new Float32Array(1) }],
  ]);
  const manifest = parseManifest(
    {
      format: 'bac_policy/policy@1',
      architecture: {
        kind: 'transformer_for_diffusion',
        layers: PLACEHOLDER.layers,
        heads: 2,
        embedding: 8,
        horizon: 4,
        n_obs_steps: 2,
        n_action_steps: 2,
        first_action_step: 1,
        causal: true,
        n_cond_layers: 0,
        action_dim: 1,
        condition_dim: 3,
      },
      noise_scheduler: {
        kind: 'ddpm',
        train_steps: PLACEHOLDER.steps,
        steps: PLACEHOLDER.steps,
        beta_schedule: 'squaredcos_cap_v2',
        beta_start: 0.0001,
        beta_end: 0.02,
        prediction_type: 'epsilon',
        clip_range: 1,
        variance: 'fixed_small',
        set_alpha_to_one: true,
        steps_offset: 0,
      },
      inputs: [
        {
          name: 'observation',
          kind: 'vector',
          size: 3,
          normaliser: { scale: [1, 1, 1], offset: [0, 0, 0] },
        },
      ],
      action: { normaliser: { scale: [1], offset: [0] } },
      provenance: {
        source: name,
        source_sha256: sha256(Buffer.from(name)),
        importer: 'test',
        importer_version: '1',
      },
      files: { 'denoiser.safetensors': { sha256: sha256(weights), bytes: weights.length } },
    },
    'placeholder',
  );
  const text = JSON.stringify(manifest);
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'denoiser.safetensors'), weights);
  writeFileSync(join(directory, 'policy.json'), text);
  return sha256(Buffer.from(text));
}
