import { cholesky, solveLowerColumns } from '../caching/linear_algebra.js';

/**
 * A linear map after which samples vary by about one in every direction they vary in: distances count in units
 * of what is usual. The covariance is shrunk towards a multiple of the identity (Ledoit and Wolf, "A
 * well-conditioned estimator for large-dimensional covariance matrices", 2004), by a fixed share, so that
 * dimensions that never change, and few samples, do no harm.
 * @param samples (n, width)
 * @param share of the mean variance that is added to every variance
 * @returns (width, width), lower triangular: the inverse of the covariance's Cholesky factor
 */
export function whitening(samples: Float32Array, width: number, share: number): Float64Array {
  const covariance = covarianceOf(samples, width);
  let trace = 0;
  for (let i = 0; i < width; i++) trace += covariance[i * width + i]!;
  const ridge = Math.max((share * trace) / width, LEAST_VARIANCE);
  for (let i = 0; i < width; i++) covariance[i * width + i]! += ridge;
  const identity = new Float64Array(width * width);
  for (let i = 0; i < width; i++) identity[i * width + i] = 1;
  return solveLowerColumns(cholesky(covariance, width), width, identity);
}

/** Of samples that do not vary at all. */
const LEAST_VARIANCE = 1e-6;

/** One vector (width) by a lower triangular matrix. */
export function whiten(
  map: Float32Array | Float64Array,
  sample: Float32Array,
  width: number,
): Float64Array {
  const out = new Float64Array(width);
  for (let i = 0; i < width; i++) {
    let sum = 0;
    for (let j = 0; j <= i; j++) sum += map[i * width + j]! * sample[j]!;
    out[i] = sum;
  }
  return out;
}

/** Lower half of it. */
function covarianceOf(samples: Float32Array, width: number): Float64Array {
  const count = samples.length / width;
  const mean = new Float64Array(width);
  for (let i = 0; i < samples.length; i++) mean[i % width]! += samples[i]! / count;
  const covariance = new Float64Array(width * width);
  const centred = new Float64Array(width);
  for (let at = 0; at < samples.length; at += width) {
    for (let i = 0; i < width; i++) {
      const value = (centred[i] = samples[at + i]! - mean[i]!);
      for (let j = 0; j <= i; j++) covariance[i * width + j]! += (value * centred[j]!) / count;
    }
  }
  return covariance;
}
