import {
  type DenoisingInputs,
  selectSamples,
  spreadEvenly,
} from '../../caching/denoising_inputs.js';
import type { Trajectories } from '../../caching/trajectories.js';
import { seededBatchNoise } from '../../inference/seeded_batch_noise.js';
import type { PolicyManifest } from '../../policy/manifest.js';

/** Observations of a calibration, to run plans on again. @param wanted at most so many, evenly spread */
export function calibrationInputs(
  { samples, condition, states }: Trajectories,
  manifest: PolicyManifest,
  wanted: number,
  seed: number,
): DenoisingInputs {
  const { stepNoise } = seededBatchNoise(seed, samples, manifest);
  const all = { samples, condition, initialNoise: states[0]!, stepNoise };
  return selectSamples(all, spreadEvenly(samples, wanted), manifest.noise_scheduler.steps);
}
