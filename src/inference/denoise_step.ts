import { type AffineRun, affineTerms } from '../caching/affine_run.js';
import type { DenoisingStep } from '../policy/noise_schedule.js';

/** What is known of an evaluation of the network, each (B, T, A). */
export interface Evaluated {
  /** The sample. */
  readonly x: Float32Array;
  /** Where the network was asked: at x unless it looked ahead. */
  readonly asked: Float32Array;
  /** The clipped clean sample that it predicted. */
  readonly clean: Float32Array;
}

/** One solver step, see {@link DenoisingStep}. @param noise may be shorter than x: the rest is padding */
export function denoiseStep(
  { x, clean }: Evaluated,
  before: Evaluated | undefined,
  unclipped: Float32Array,
  noise: Float32Array,
  { c0, c1, c2, c3 = 0, sigma }: DenoisingStep,
): Float32Array {
  return x.map(
    (value, i) =>
      c0 * clean[i]! +
      c1 * value +
      c2 * unclipped[i]! +
      c3 * (before?.clean[i] ?? 0) +
      sigma * (noise[i] ?? 0),
  );
}

/** Where the network is asked at the evaluation that a run begins with: x, or looking ahead. */
export function askedSample(
  { begin, lookAhead }: AffineRun,
  x: Float32Array,
  noiseOf: (step: number) => Float32Array,
): Float32Array {
  if (!lookAhead) return x;
  const { weights, scale } = lookAhead;
  const noises = Array.from(weights, (_, i) => noiseOf(begin + i));
  return x.map((value, j) => {
    const sum = noises.reduce((all, noise, i) => all + weights[i]! * (noise[j] ?? 0), value);
    return scale * sum;
  });
}

/**
 * A whole run of steps, see {@link AffineRun}; sums in double precision.
 * @param before the evaluation before, if there was one
 * @param size T A
 */
export function affineStep(
  run: AffineRun,
  now: Evaluated,
  before: Evaluated | undefined,
  condition: Float32Array,
  noiseOf: (step: number) => Float32Array,
  size: number,
): Float32Array {
  const samples = now.x.length / size;
  const result = new Float32Array(now.x.length);
  const conditionSize = condition.length / samples;
  const kept = run.noise.length / size / size;
  const sum = new Float64Array(size);
  const addProduct = (
    values: Float32Array,
    begin: number,
    length: number,
    matrix: Float32Array,
  ): void => {
    for (let i = 0; i < length; i++) {
      const factor = values[begin + i] ?? 0;
      for (let j = 0; j < size; j++) sum[j]! += factor * matrix[i * size + j]!;
    }
  };
  for (let n = 0; n < samples; n++) {
    sum.set(run.offset);
    for (const [values, matrix] of affineTerms(run, now, before)) {
      addProduct(values, n * size, size, matrix);
    }
    addProduct(condition, n * conditionSize, conditionSize, run.condition);
    for (let i = 0; i < kept; i++) {
      const matrix = run.noise.subarray(i * size * size, (i + 1) * size * size);
      addProduct(noiseOf(run.end - kept + i), n * size, size, matrix);
    }
    result.set(sum, n * size);
  }
  return result;
}
