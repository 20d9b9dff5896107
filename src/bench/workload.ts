import type { DenoisingInputs } from '../caching/denoising_inputs.js';
import { seededBatchNoise } from '../inference/seeded_batch_noise.js';
import type { PolicyManifest } from '../policy/manifest.js';

/**
 * Made-up observations for timing without data: every normalised value uniform in [-1, 1], where the
 * training data lay. Errors on it are not those on real observations.
 */
export function madeUpWorkload(
  manifest: PolicyManifest,
  samples: number,
  seed: number,
): DenoisingInputs {
  const { n_obs_steps: window, condition_dim: width } = manifest.architecture;
  // A Weyl sequence: evenly spread, and the same on every machine.
  const condition = Float32Array.from(
    { length: samples * window * width },
    (_, i) => 2 * (((i + 1) * 0.6180339887498949 + seed * 0.7548776662466927) % 1) - 1,
  );
  return { samples, condition, ...seededBatchNoise(seed, samples, manifest) };
}
