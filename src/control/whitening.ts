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
  return invertedFactor(covariance, width);
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

/** L^-1 of a positive definite matrix L L^T, of which the lower half is given and overwritten. */
function invertedFactor(matrix: Float64Array, n: number): Float64Array {
  const at = (i: number, j: number): number => i * n + j;
  for (let j = 0; j < n; j++) {
    for (let i = j; i < n; i++) {
      let sum = matrix[at(i, j)]!;
      for (let k = 0; k < j; k++) sum -= matrix[at(i, k)]! * matrix[at(j, k)]!;
      matrix[at(i, j)] = i === j ? Math.sqrt(sum) : sum / matrix[at(j, j)]!;
    }
  }
  const inverse = new Float64Array(n * n);
  for (let j = 0; j < n; j++) {
    inverse[at(j, j)] = 1 / matrix[at(j, j)]!;
    for (let i = j + 1; i < n; i++) {
      let sum = 0;
      for (let k = j; k < i; k++) sum -= matrix[at(i, k)]! * inverse[at(k, j)]!;
      inverse[at(i, j)] = sum / matrix[at(i, i)]!;
    }
  }
  return inverse;
}
