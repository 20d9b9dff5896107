import type { LookAhead } from './look_ahead.js';

/**
 * The affine correction between two evaluations of the network: the whole run of denoising steps from `begin`
 * (its own step included) up to `end` is one map, rows times matrices,
 *
 *     x_end = x state + v clean + c condition + offset + sum over k = begin..end-1 of z_k noise[k - begin]
 *             (+ x~ asked)
 *
 * x (1, TA) the sample at `begin`, v (1, TA) the clipped clean sample that the network predicts there, c (1, To Dc)
 * the condition, z_k (1, TA) the noise of denoising step k, and x~ where the network was asked, if not at x (see
 * {@link LookAhead}). Fitted by ridge regression on dense trajectories of calibration data; exact in the noise.
 */
export interface AffineRun {
  /** Denoising step of the evaluation, 0 for the first run. */
  readonly begin: number;
  /** Step of the next evaluation, or K. */
  readonly end: number;
  /** (TA, TA) */
  readonly state: Float32Array;
  /** (TA, TA) */
  readonly clean: Float32Array;
  /** (To Dc, TA) */
  readonly condition: Float32Array;
  /** (TA) */
  readonly offset: Float32Array;
  /**
   * (n, TA, TA), n <= end - begin: the last n steps of the run, in denoising order. Noise of earlier steps has
   * faded away by `end`.
   */
  readonly noise: Float32Array;
  /** Absent = the network is asked at the sample itself. */
  readonly lookAhead?: LookAhead;
}
