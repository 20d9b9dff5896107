import type { MatrixProducts } from '../inference/matrix_products.js';
import { cholesky, solveLowerColumns, solveUpperColumns } from '../caching/linear_algebra.js';
import { centredTargets, type RidgeRows } from './ridge_rows.js';

/** What may be fitted, and how strongly it is held back. */
export interface Penalty {
  /** Per output token, how many of the leading columns it may depend on, ascending. */
  readonly prefixes: readonly number[];
  /** Ridge of standardised columns, relative to the number of rows. */
  readonly strength: number;
  /** Per column a factor of its values: small ones are penalised more. Absent = 1. */
  readonly scales?: Float64Array;
}

/** A fitted linear map with predictions that no row had a part in. */
export interface RidgeFit {
  /** (N, outputs): every row predicted by a fit without its fold; rows of no fold by the whole fit. */
  readonly predicted: Float32Array;
  /** The map: weights (width, outputs) of the features as they were given, and offset (outputs). */
  map(): { readonly weights: Float64Array; readonly offset: Float64Array };
}

/**
 * Ridge regression for outputs in tokens, where token i may depend on a leading part of the features only (an
 * action token of a causal policy depends on itself and earlier ones). One Cholesky factor L serves all tokens,
 * since a leading part of the factor is the factor of the leading part; predictions that leave a fold out follow
 * in closed form from the hat matrix H = Z Z^T, Z = X L^-T: e = (I - H_gg)^-1 r_g.
 */
export class NestedRidge {
  readonly #rows: RidgeRows;
  readonly #prefixes: readonly number[];
  readonly #lower: Float64Array;
  /** (fitted, width) and (others, width): rows in the space of L. */
  readonly #z: Float32Array;
  readonly #zOthers: Float32Array;
  /** Per fold and token the Cholesky factor of I - H_gg. */
  readonly #leftOut: (readonly Float64Array[])[] = [];
  readonly #products: MatrixProducts;

  private constructor(
    rows: RidgeRows,
    prefixes: readonly number[],
    lower: Float64Array,
    z: readonly [fitted: Float32Array, others: Float32Array],
    products: MatrixProducts,
  ) {
    this.#rows = rows;
    this.#prefixes = prefixes;
    this.#lower = lower;
    [this.#z, this.#zOthers] = z;
    this.#products = products;
  }

  static async of(
    rows: RidgeRows,
    { prefixes, strength, scales }: Penalty,
    products: MatrixProducts,
  ): Promise<NestedRidge> {
    const { width, fitted, others } = rows;
    const lower = Float64Array.from(rows.gram);
    for (let i = 0; i < width; i++) {
      lower[i * width + i]! += (strength * fitted.length) / (scales?.[i] ?? 1) ** 2;
    }
    cholesky(lower, width);
    const inverse = transposedInverse(lower, width);
    const inSpace = async (z: Float32Array, count: number): Promise<Float32Array> =>
      count === 0 ? z : products.multiply(z, inverse, [count, width, width]);
    const z = await inSpace(rows.z, fitted.length);
    const zOthers = await inSpace(rows.zOthers, others.length);
    return new NestedRidge(rows, prefixes, lower, [z, zOthers], products);
  }

  /** @param targets (N, outputs); outputs are as many per token for every token, token by token */
  async fit(targets: Float32Array): Promise<RidgeFit> {
    const { folds, fitted, others, width, roots } = this.#rows;
    const outputs = targets.length / folds.count;
    const { mean, values: residuals } = centredTargets(this.#rows, targets);
    const projected = await this.#project(residuals, outputs);
    await this.#subtractExplained(residuals, projected);
    await this.#leaveOut(residuals, outputs);
    const predicted = new Float32Array(targets.length);
    for (const [place, row] of fitted.entries()) {
      for (let c = 0; c < outputs; c++) {
        predicted[row * outputs + c] =
          targets[row * outputs + c]! - residuals[place * outputs + c]! / roots[place]!;
      }
    }
    if (others.length > 0) {
      const shape = [others.length, width, outputs] as const;
      const unseen = await this.#products.multiply(this.#zOthers, projected, shape);
      for (const [place, row] of others.entries()) {
        for (let c = 0; c < outputs; c++) {
          predicted[row * outputs + c] = mean[c]! + unseen[place * outputs + c]!;
        }
      }
    }
    return { predicted, map: laterMap(this.#lower, this.#rows, projected, mean) };
  }

  /**
   * What the features do not explain in the rows that are fitted on, (fitted, outputs).
   * @param targets (N, outputs)
   */
  async residuals(targets: Float32Array): Promise<Float32Array> {
    const { values } = centredTargets(this.#rows, targets);
    const outputs = targets.length / this.#rows.folds.count;
    await this.#subtractExplained(values, await this.#project(values, outputs));
    return values;
  }

  /** Z^T Y where a token's outputs may depend on the rows, zero elsewhere: (width, outputs). */
  async #project(values: Float32Array, outputs: number): Promise<Float32Array> {
    const { width, fitted } = this.#rows;
    const shape = [width, fitted.length, outputs] as const;
    const projected = await this.#products.multiply(this.#z, values, shape, true);
    const perToken = outputs / this.#prefixes.length;
    for (const [token, prefix] of this.#prefixes.entries()) {
      for (let row = prefix; row < width; row++) {
        projected.fill(0, row * outputs + token * perToken, row * outputs + (token + 1) * perToken);
      }
    }
    return projected;
  }

  async #subtractExplained(values: Float32Array, projected: Float32Array): Promise<void> {
    const { width, fitted } = this.#rows;
    const shape = [fitted.length, width, values.length / fitted.length] as const;
    const explained = await this.#products.multiply(this.#z, projected, shape);
    for (let i = 0; i < values.length; i++) values[i]! -= explained[i]!;
  }

  /** Residuals of the whole fit become those of fits without each row's fold. */
  async #leaveOut(residuals: Float32Array, outputs: number): Promise<void> {
    const perToken = outputs / this.#prefixes.length;
    for (const [fold, members] of this.#rows.members.entries()) {
      if (members.length === 0) continue;
      const factors = (this.#leftOut[fold] ??= await this.#leftOutFactors(members));
      for (const [token, factor] of factors.entries()) {
        solvePositive(factor, members, residuals, outputs, token * perToken, perToken);
      }
    }
  }

  async #leftOutFactors(members: readonly number[]): Promise<Float64Array[]> {
    const { width, roots } = this.#rows;
    const n = members.length;
    // The intercept's part of the hat matrix.
    const total = roots.reduce((sum, root) => sum + root ** 2, 0);
    const left = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        left[i * n + j] = -(roots[members[i]!]! * roots[members[j]!]!) / total;
      }
      left[i * n + i]! += 1;
    }
    let done = 0;
    let factor: Float64Array = new Float64Array();
    const factors: Float64Array[] = [];
    for (const prefix of this.#prefixes) {
      if (prefix > done) {
        const columns = transposedPart(this.#z, width, members, done, prefix);
        const shape = [n, prefix - done, n] as const;
        const hat = await this.#products.multiply(columns, columns, shape, true);
        for (let i = 0; i < hat.length; i++) left[i]! -= hat[i]!;
        done = prefix;
        factor = cholesky(left.slice(), n);
      }
      factors.push(factor);
    }
    return factors;
  }
}

/** {@link mapOf} when it is asked for; keeps alive no more than it needs, since plans hold many of them. */
function laterMap(
  lower: Float64Array,
  { width, factor, mean: featureMean }: RidgeRows,
  projected: Float32Array,
  mean: Float64Array,
): RidgeFit['map'] {
  const features = { width, factor, mean: featureMean };
  return () => mapOf(lower, features, projected, mean);
}

/** The map of features as they were given. */
function mapOf(
  lower: Float64Array,
  { width, factor, mean: featureMean }: Pick<RidgeRows, 'width' | 'factor' | 'mean'>,
  projected: Float32Array,
  mean: Float64Array,
): { weights: Float64Array; offset: Float64Array } {
  const outputs = mean.length;
  // Rows beyond a token's prefix are zero, and stay so.
  const weights = solveUpperColumns(lower, width, Float64Array.from(projected));
  const offset = mean.slice();
  for (let row = 0; row < width; row++) {
    for (let c = 0; c < outputs; c++) {
      weights[row * outputs + c]! *= factor[row]!;
      offset[c]! -= weights[row * outputs + c]! * featureMean[row]!;
    }
  }
  return { weights, offset };
}

/** L^-T of a lower triangular (n, n) matrix. */
function transposedInverse(lower: Float64Array, n: number): Float32Array {
  const inverse = new Float64Array(n * n);
  const transposed = new Float32Array(n * n);
  for (let i = 0; i < n; i++) {
    const row = i * n;
    for (let k = 0; k < i; k++) {
      const factor = lower[row + k]!;
      const from = k * n;
      for (let j = 0; j <= k; j++) inverse[row + j]! -= factor * inverse[from + j]!;
    }
    const pivot = 1 / lower[row + i]!;
    inverse[row + i] = 1;
    for (let j = 0; j <= i; j++) {
      inverse[row + j]! *= pivot;
      transposed[j * n + i] = inverse[row + j]!;
    }
  }
  return transposed;
}

/** Columns `begin` to before `end` of some rows of x, as rows: (end - begin, rows). */
function transposedPart(
  x: Float32Array,
  width: number,
  rows: readonly number[],
  begin: number,
  end: number,
): Float32Array {
  const part = new Float32Array((end - begin) * rows.length);
  for (const [place, row] of rows.entries()) {
    for (let i = begin; i < end; i++) {
      part[(i - begin) * rows.length + place] = x[row * width + i]!;
    }
  }
  return part;
}

/** Solves L L^T e = r for the rows `members` and a range of columns of `values`, in place. */
function solvePositive(
  lower: Float64Array,
  members: readonly number[],
  values: Float32Array,
  outputs: number,
  begin: number,
  count: number,
): void {
  const n = members.length;
  const b = new Float64Array(n * count);
  for (const [place, row] of members.entries()) {
    for (let c = 0; c < count; c++) b[place * count + c] = values[row * outputs + begin + c]!;
  }
  solveUpperColumns(lower, n, solveLowerColumns(lower, n, b));
  for (const [place, row] of members.entries()) {
    for (let c = 0; c < count; c++) values[row * outputs + begin + c] = b[place * count + c]!;
  }
}
