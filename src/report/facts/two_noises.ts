import type { DenoisingInputs } from '../../caching/denoising_inputs.js';
import { seededBatchNoise } from '../../inference/seeded_batch_noise.js';
import type { PolicyManifest } from '../../policy/manifest.js';

/**
 * Every observation twice: first all with the noise they have, then all with noise by a seed.
 * @returns 2N samples; sample N + i is observation i from the other noise
 */
export function withTwoNoises(
  inputs: DenoisingInputs,
  manifest: PolicyManifest,
  seed: number,
): DenoisingInputs {
  const { samples, condition, initialNoise, stepNoise } = inputs;
  const { steps } = manifest.noise_scheduler;
  const other = seededBatchNoise(seed, samples, manifest);
  const row = stepNoise.length / steps;
  const both = new Float32Array(2 * stepNoise.length);
  for (let t = 0; t < steps; t++) {
    both.set(stepNoise.subarray(t * row, (t + 1) * row), 2 * t * row);
    both.set(other.stepNoise.subarray(t * row, (t + 1) * row), (2 * t + 1) * row);
  }
  return {
    ...inputs,
    samples: 2 * samples,
    condition: twice(condition, condition),
    initialNoise: twice(initialNoise, other.initialNoise),
    stepNoise: both,
  };
}

function twice(first: Float32Array, second: Float32Array): Float32Array {
  const both = new Float32Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
