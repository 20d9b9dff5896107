import type { AffineRun } from '../caching/affine_run.js';
import type { DenoisingStep } from '../policy/noise_schedule.js';

/** The sample at an evaluation and the clipped clean sample predicted there, each (B, T, A). */
export interface Evaluated {
  readonly x: Float32Array;
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

/** A whole run of steps, see {@link AffineRun}; sums in double precision. @param size T A */
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
    addProduct(now.x, n * size, size, run.state);
    addProduct(now.clean, n * size, size, run.clean);
    addProduct(condition, n * conditionSize, conditionSize, run.condition);
    if (run.previousState && run.previousClean && before) {
      addProduct(before.x, n * size, size, run.previousState);
      addProduct(before.clean, n * size, size, run.previousClean);
    }
    for (let i = 0; i < kept; i++) {
      const matrix = run.noise.subarray(i * size * size, (i + 1) * size * size);
      addProduct(noiseOf(run.end - kept + i), n * size, size, matrix);
    }
    result.set(sum, n * size);
  }
  return result;
}
