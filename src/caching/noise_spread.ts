import { z } from 'zod';

/** How much the executed actions of the dense policy depend on the noise alone, in physical units. */
export const noiseSpreadField = z.strictObject({
  /** Observations. */
  samples: z.int().positive(),
  /** Noises that each observation was denoised from. */
  draws: z.int().min(2),
  /**
   * Root of the mean square of the difference between two dense chunks for the same observation with other
   * noise, over observations, pairs of noises, executed steps and joints. An error is a difference of two
   * chunks as well, so this is what it is held against.
   */
  difference: z.number().nonnegative(),
  /** Pooled standard deviation over noises: the difference / sqrt 2, and the stricter yardstick. */
  deviation: z.number().nonnegative(),
});

/** See {@link noiseSpreadField}. */
export type NoiseSpread = z.infer<typeof noiseSpreadField>;

/**
 * The spread of the dense policy over noise.
 * @param chunks per noise the executed actions (N, Ta, A) of the same observations
 * @throws RangeError when there are fewer than two, or of other lengths
 */
export function noiseSpread(chunks: readonly Float32Array[], samples: number): NoiseSpread {
  const [first] = chunks;
  if (chunks.length < 2 || chunks.some(({ length }) => length !== first!.length)) {
    throw new RangeError('a spread needs the same observations with two noises or more');
  }
  let variance = 0;
  for (let i = 0; i < first!.length; i++) {
    const mean = chunks.reduce((sum, chunk) => sum + chunk[i]!, 0) / chunks.length;
    const squares = chunks.reduce((sum, chunk) => sum + (chunk[i]! - mean) ** 2, 0);
    variance += squares / (chunks.length - 1);
  }
  const deviation = Math.sqrt(variance / first!.length);
  return { samples, draws: chunks.length, difference: Math.SQRT2 * deviation, deviation };
}
