import type { DenoisingInputs } from '../caching/denoising_inputs.js';
import type { PolicyManifest } from '../policy/manifest.js';
import { seededChunkNoise } from './seeded_noise.js';

/**
 * The noise of N samples by seed: sample i gets that of chunk i.
 * @returns initialNoise (N, T, A) and stepNoise (K, N, T, A)
 */
export function seededBatchNoise(
  seed: number,
  samples: number,
  { architecture, noise_scheduler: { steps } }: PolicyManifest,
): Pick<DenoisingInputs, 'initialNoise' | 'stepNoise'> {
  const { horizon, action_dim: actions } = architecture;
  const size = horizon * actions;
  const initialNoise = new Float32Array(samples * size);
  const stepNoise = new Float32Array(steps * samples * size);
  for (let i = 0; i < samples; i++) {
    const noise = seededChunkNoise(seed, i, steps, horizon, actions);
    initialNoise.set(noise.initial, i * size);
    for (let t = 0; t < steps; t++) {
      stepNoise.set(noise.steps.subarray(t * size, (t + 1) * size), (t * samples + i) * size);
    }
  }
  return { initialNoise, stepNoise };
}
