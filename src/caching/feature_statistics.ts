/** What is kept of one block's features over all K denoising steps and all calibration samples. */
export interface BlockStatistics {
  /** K. */
  readonly steps: number;
  /** Values of one step's feature, all samples flattened together: N * T * E. */
  readonly values: number;
  /** sum |O_a - O_b|, (K, K) row-major, symmetric. */
  readonly absoluteDifference: Float64Array;
  /** sum (O_a - O_b)^2, (K, K) row-major, symmetric. */
  readonly squaredDifference: Float64Array;
  /** sum O_a^2, (K). */
  readonly squaredNorm: Float64Array;
}

/** Values of each step that are compared in one go: K slices of this length stay in the L2 cache. */
const TILE = 512;

/**
 * Accumulates the statistics of one block's features batch by batch, so memory holds one batch of features
 * however many samples there are. All sums are in float64. Differences are summed as such, not derived
 * from a Gram matrix: neighbouring steps are nearly equal, and |a|^2 + |b|^2 - 2ab would cancel.
 */
export class FeatureStatistics {
  readonly #steps: number;
  #values = 0;
  readonly #absoluteDifference: Float64Array;
  readonly #squaredDifference: Float64Array;
  readonly #squaredNorm: Float64Array;
  /** Sums of the last call of {@link FeatureStatistics.#compare}: absolute, squared; of two pairs. */
  readonly #sums = new Float64Array(4);

  /** @param steps K, denoising steps */
  constructor(steps: number) {
    this.#steps = steps;
    this.#absoluteDifference = new Float64Array(steps * steps);
    this.#squaredDifference = new Float64Array(steps * steps);
    this.#squaredNorm = new Float64Array(steps);
  }

  /**
   * Adds one batch of samples.
   * @param features K arrays, the branch outputs (n, T, E) of denoising steps 0..K-1
   * @throws RangeError for another number of arrays, arrays that differ in length, or values not finite
   */
  add(features: readonly Float32Array[]): void {
    const steps = this.#steps;
    const length = features[0]?.length ?? 0;
    if (features.length !== steps || features.some((feature) => feature.length !== length)) {
      throw new RangeError(`expected the features of ${steps} steps, all of one length`);
    }
    for (const [step, feature] of features.entries()) {
      let sum = 0;
      for (let i = 0; i < length; i++) sum += feature[i]! * feature[i]!;
      if (!Number.isFinite(sum)) throw new RangeError(`step ${step} has features not finite`);
      this.#squaredNorm[step]! += sum;
    }
    for (let begin = 0; begin < length; begin += TILE) {
      const end = Math.min(length, begin + TILE);
      for (let a = 0; a < steps; a++) {
        for (let b = a + 1; b < steps; b += 2) {
          const last = Math.min(b + 1, steps - 1);
          this.#compare(features[a]!, features[b]!, features[last]!, begin, end);
          this.#store(a, b, 0);
          if (last > b) this.#store(a, last, 2);
        }
      }
    }
    this.#values += length;
  }

  /** The sums over everything added so far. */
  result(): BlockStatistics {
    return {
      steps: this.#steps,
      values: this.#values,
      absoluteDifference: this.#absoluteDifference.slice(),
      squaredDifference: this.#squaredDifference.slice(),
      squaredNorm: this.#squaredNorm.slice(),
    };
  }

  /** Compares one slice of a step with two others at once, which halves the loads and hides latency. */
  #compare(a: Float32Array, b: Float32Array, c: Float32Array, begin: number, end: number): void {
    let absoluteB = 0;
    let absoluteC = 0;
    let squaredB = 0;
    let squaredC = 0;
    for (let i = begin; i < end; i++) {
      const value = a[i]!;
      const toB = value - b[i]!;
      const toC = value - c[i]!;
      absoluteB += Math.abs(toB);
      absoluteC += Math.abs(toC);
      squaredB += toB * toB;
      squaredC += toC * toC;
    }
    this.#sums[0] = absoluteB;
    this.#sums[1] = squaredB;
    this.#sums[2] = absoluteC;
    this.#sums[3] = squaredC;
  }

  #store(a: number, b: number, offset: number): void {
    for (const at of [a * this.#steps + b, b * this.#steps + a]) {
      this.#absoluteDifference[at]! += this.#sums[offset]!;
      this.#squaredDifference[at]! += this.#sums[offset + 1]!;
    }
  }
}
