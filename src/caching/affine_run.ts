import type { LookAhead } from './look_ahead.js';

/**
 * The affine correction between two evaluations of the network: the whole run of denoising steps from `begin`
 * (its own step included) up to `end` is one map, rows times matrices,
 *
 *     x_end = x state + v clean + c condition + offset + sum over k = begin..end-1 of z_k noise[k - begin]
 *             (+ x~ asked) (+ what is known of the evaluation before)
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
  /** How the result depends on what is known of the evaluation before; absent = not. */
  readonly previous?: PreviousEvaluation;
}

/** Matrices, each (TA, TA), of what is known of the evaluation before. */
export interface PreviousEvaluation {
  /** Of the sample there. */
  readonly state: Float32Array;
  /** Of the clipped clean sample that the network predicted there. */
  readonly clean: Float32Array;
  /** Of where the network was asked, if not at the sample. */
  readonly asked?: Float32Array;
}

/** The terms of a run that depend on evaluations, as pairs of a value and its matrix. */
export function affineTerms<V>(
  { state, clean, lookAhead, previous }: AffineRun,
  now: { readonly x: V; readonly asked: V; readonly clean: V },
  before: typeof now | undefined,
): [value: V, matrix: Float32Array][] {
  const terms: [V, Float32Array][] = [
    [now.x, state],
    [now.clean, clean],
  ];
  if (lookAhead) terms.push([now.asked, lookAhead.asked]);
  if (previous && before) {
    terms.push([before.x, previous.state], [before.clean, previous.clean]);
    if (previous.asked) terms.push([before.asked, previous.asked]);
  }
  return terms;
}
