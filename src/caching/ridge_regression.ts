import { solveLowerColumns, solveUpperColumns } from './linear_algebra.js';

/**
 * Least squares with a ridge: y = x W + b for rows x of `inputs` numbers and y of `outputs`, fed row by row, so
 * that only sums of products are held. The intercept is not shrunk.
 */
export class RidgeRegression {
  readonly #inputs: number;
  readonly #outputs: number;
  /** Sums of products of [x, 1] with itself, (n + 1, n + 1), lower triangle. */
  readonly #gram: Float64Array;
  /** Sums of products of [x, 1] with y, (n + 1, outputs). */
  readonly #cross: Float64Array;
  readonly #row: Float64Array;
  readonly #target: Float64Array;

  constructor(inputs: number, outputs: number) {
    this.#inputs = inputs;
    this.#outputs = outputs;
    this.#gram = new Float64Array((inputs + 1) ** 2);
    this.#cross = new Float64Array((inputs + 1) * outputs);
    this.#row = new Float64Array(inputs + 1).fill(1);
    this.#target = new Float64Array(outputs);
  }

  /** Rows seen. */
  get rows(): number {
    return this.#gram.at(-1)!;
  }

  /** @param x (inputs) @param y (outputs) */
  add(x: ArrayLike<number>, y: ArrayLike<number>): void {
    const size = this.#inputs + 1;
    const outputs = this.#outputs;
    // Here nearly all the time of a fit goes: plain arrays of one kind are several times as fast.
    const [row, target, gram, cross] = [this.#row, this.#target, this.#gram, this.#cross];
    for (let i = 0; i < this.#inputs; i++) row[i] = x[i]!;
    for (let j = 0; j < outputs; j++) target[j] = y[j]!;
    for (let i = 0; i < size; i++) {
      const value = row[i]!;
      for (let j = 0, at = i * size; j <= i; j++, at++) gram[at]! += value * row[j]!;
      for (let j = 0, at = i * outputs; j < outputs; j++, at++) cross[at]! += value * target[j]!;
    }
  }

  /**
   * @param strength of the ridge, relative to the mean square of the inputs
   * @returns weight (inputs, outputs) and bias (outputs)
   * @throws RangeError before any row was added
   */
  solve(strength: number): { weight: Float32Array; bias: Float32Array } {
    if (this.rows === 0) throw new RangeError('there is nothing to fit');
    const size = this.#inputs + 1;
    const gram = this.#gram.slice();
    let squares = 0;
    for (let i = 0; i < this.#inputs; i++) squares += gram[i * size + i]!;
    const ridge = (strength * squares) / Math.max(1, this.#inputs) + Number.MIN_VALUE;
    for (let i = 0; i < this.#inputs; i++) gram[i * size + i]! += ridge;
    choleskyInPlace(gram, size);
    const solution = solveUpperColumns(
      gram,
      size,
      solveLowerColumns(gram, size, this.#cross.slice()),
    );
    const at = this.#inputs * this.#outputs;
    return {
      weight: Float32Array.from(solution.subarray(0, at)),
      bias: Float32Array.from(solution.subarray(at)),
    };
  }
}

/** The lower factor in place of the lower triangle. Directions without any variance get no weight. */
function choleskyInPlace(a: Float64Array, size: number): void {
  for (let column = 0; column < size; column++) {
    const from = column * size;
    let pivot = a[from + column]!;
    const whole = pivot;
    for (let k = 0; k < column; k++) pivot -= a[from + k]! ** 2;
    const root = pivot > 1e-14 * whole ? Math.sqrt(pivot) : Infinity;
    a[from + column] = root;
    for (let row = column + 1; row < size; row++) {
      const to = row * size;
      let sum = a[to + column]!;
      for (let k = 0; k < column; k++) sum -= a[to + k]! * a[from + k]!;
      a[to + column] = sum / root;
    }
  }
}
