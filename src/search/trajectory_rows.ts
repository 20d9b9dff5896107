import { selectSamples, spreadEvenly, type DenoisingInputs } from '../caching/denoising_inputs.js';
import { seededBatchNoise } from '../inference/seeded_batch_noise.js';
import type { PolicyManifest } from '../policy/manifest.js';

/** Share of the runs that repeat an observation with other noise: they show how much the noise matters. */
const REPEATED_SHARE = 1 / 8;

/** How many different observations so many dense runs are made of. */
export function observationsFor(runs: number): number {
  return Math.ceil(runs * (1 - REPEATED_SHARE));
}

/** Starts of dense runs. */
export interface TrajectoryRows {
  readonly inputs: DenoisingInputs;
  /** Per run, the episode. */
  readonly episodes: Int32Array;
  /** Per run, the observation, as a place among those given. */
  readonly observations: Int32Array;
}

/**
 * What dense runs start from: observations spread evenly over those given, each with its own noise, then again
 * with other noise until there are `runs`.
 * @param episodes of the observations given
 */
export function trajectoryRows(
  given: DenoisingInputs,
  episodes: Int32Array,
  manifest: PolicyManifest,
  runs: number,
  seed: number,
): TrajectoryRows {
  const { steps } = manifest.noise_scheduler;
  const observations = spreadEvenly(given.samples, observationsFor(runs));
  const distinct = observations.length;
  while (observations.length < runs) {
    const again = spreadEvenly(distinct, runs - observations.length);
    observations.push(...again.map((place) => observations[place]!));
  }
  const inputs = selectSamples(given, observations, steps);
  const other = seededBatchNoise(seed + 1, runs - distinct, manifest);
  const size = given.initialNoise.length / given.samples;
  inputs.initialNoise.set(other.initialNoise, distinct * size);
  const repeated = (runs - distinct) * size;
  for (let t = 0; t < steps; t++) {
    const noise = other.stepNoise.subarray(t * repeated, (t + 1) * repeated);
    inputs.stepNoise.set(noise, (t * runs + distinct) * size);
  }
  return {
    inputs,
    episodes: Int32Array.from(observations, (place) => episodes[place]!),
    observations: Int32Array.from(observations),
  };
}
