import type { NoiseSpread } from './noise_spread.js';
import type { Trajectories } from './trajectories.js';
import { executedActions } from '../policy/executed_actions.js';
import type { PolicyManifest } from '../policy/manifest.js';

/**
 * How much the noise alone changes the dense policy's actions, from observations that were denoised twice.
 * @param rows runs that are looked at @returns null where none of them repeats another's observation
 */
export function noiseSpreadOf(
  manifest: PolicyManifest,
  { samples, states, observations }: Trajectories,
  rows: readonly number[],
): NoiseSpread | null {
  const final = states.at(-1)!;
  const size = final.length / samples;
  const firstOf = new Map<number, number>();
  let [sum, count, pairs] = [0, 0, 0];
  for (const row of rows) {
    const other = firstOf.get(observations[row]!);
    if (other === undefined) {
      firstOf.set(observations[row]!, row);
      continue;
    }
    const [a, b] = [row, other].map((at) =>
      executedActions(manifest, final.slice(at * size, (at + 1) * size)),
    ) as [Float32Array, Float32Array];
    sum += a.reduce((total, value, i) => total + (value - b[i]!) ** 2, 0);
    count += a.length;
    pairs++;
  }
  if (pairs === 0) return null;
  const difference = Math.sqrt(sum / count);
  return { samples: pairs, draws: 2, difference, deviation: difference / Math.SQRT2 };
}
