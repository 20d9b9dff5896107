import type { Architecture } from './manifest.js';
import type { DenoisingStep } from './noise_schedule.js';

/**
 * What of a chunk is known before it is denoised. At every denoising step the predicted clean sample v becomes
 *
 *     v + weight (known - v),
 *
 * so that where the weight is 1 the solver makes of the known values a sample with just the noise that the step has,
 * and of the last step come the known values themselves: inpainting (Lugmayr et al., arXiv 2201.09865), whose noise
 * is that of the chunk. Where the weight is less, both have a say, at the right level of noise as well.
 */
export interface Inpainting {
  /** (T, A), normalised. */
  readonly known: Float32Array;
  /** (T, A), 0 = free to 1 = as known. */
  readonly weight: Float32Array;
}

/** A chunk of which nothing is known. */
export function nothingKnown({ horizon, action_dim: actions }: Architecture): Inpainting {
  const nothing = new Float32Array(horizon * actions);
  return { known: nothing, weight: nothing };
}

/**
 * How much each row of a chunk is held to what is known of it: wholly as long as it is executed anyway, then less and
 * less, the more the further ahead (real-time chunking, Black et al., arXiv 2506.07339, eq. 5).
 * @param fixed rows that are executed before the new chunk can be
 * @param known rows of which anything is known
 * @returns (horizon)
 */
export function softMask(horizon: number, fixed: number, known: number): number[] {
  return Array.from({ length: horizon }, (_, row) => {
    if (row >= known) return 0;
    if (row < fixed) return 1;
    const left = (known - row) / (known - fixed + 1);
    return (left * Math.expm1(left)) / (Math.E - 1);
  });
}

/** The same of every value: (T, A). */
export function softWeight(
  { horizon, action_dim: actions }: Architecture,
  fixed: number,
  known: number,
): Float32Array {
  const mask = softMask(horizon, fixed, known);
  return Float32Array.from({ length: horizon * actions }, (_, i) => mask[Math.floor(i / actions)]!);
}

/** What a run of denoising steps makes of a sample whose clean values are known, see {@link knownRun}. */
export interface KnownRun {
  /** Of the sample at the run's begin. */
  readonly state: number;
  /** Of the known clean values. */
  readonly clean: number;
  /** (end - begin): of the noise of each step. */
  readonly noise: Float32Array;
}

/** Factors of the sample after the steps from `begin` to before `end`, at all of which the clean sample is known. */
export function knownRun(steps: readonly DenoisingStep[], begin: number, end: number): KnownRun {
  let [state, clean] = [1, 0];
  const noise = new Float32Array(end - begin);
  for (let k = begin; k < end; k++) {
    const { c0, c1, c2, c3 = 0, sigma } = steps[k]!;
    state *= c1;
    clean = c1 * clean + c0 + c2 + c3;
    for (let i = 0; i < k - begin; i++) noise[i]! *= c1;
    noise[k - begin] = sigma;
  }
  return { state, clean, noise };
}
