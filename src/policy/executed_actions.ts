import type { PolicyManifest } from './manifest.js';
import { denormalise } from './normaliser.js';

/**
 * The actions that are executed of each sample, in physical units.
 * @param sample (N, T, A), normalised
 * @returns (N, Ta, A): steps first_action_step .. first_action_step + Ta
 */
export function executedActions(
  { architecture: a, action }: PolicyManifest,
  sample: Float32Array,
): Float32Array {
  const [size, kept] = [a.horizon * a.action_dim, a.n_action_steps * a.action_dim];
  const samples = sample.length / size;
  const executed = new Float32Array(samples * kept);
  for (let i = 0; i < samples; i++) {
    const from = i * size + a.first_action_step * a.action_dim;
    executed.set(sample.subarray(from, from + kept), i * kept);
  }
  return denormalise(executed, action.normaliser);
}
