import type { MatrixProducts } from '../inference/matrix_products.js';
import {
  cholesky,
  gramMatrix,
  solveLowerRows,
  solveUpperColumns,
} from '../caching/linear_algebra.js';

/**
 * Features are divided by their deviation, but by no less than this (samples and conditions are normalised to
 * [-1, 1]): what hardly moved in calibration must not have a say that grows when it does move.
 */
const LEAST_DEVIATION = 0.3;

/** Rows of a regression and which of them are left out together. */
export interface Folds {
  /** Rows. */
  readonly count: number;
  /** Per row its fold, 0 ..; -1 = never fitted on, only predicted. */
  readonly of: Int32Array;
  readonly folds: number;
}

/** What a feature column belongs to. */
export interface Columns {
  /** Number of columns. */
  readonly width: number;
  /** Per output token, how many of the leading columns it may depend on, ascending. */
  readonly prefixes: readonly number[];
  /** Per column a factor of its standardised values: small ones are penalised more. Absent = 1. */
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
 * action token of a causal policy depends on itself and earlier ones). One Cholesky factor serves all tokens,
 * since a leading part of the factor is the factor of the leading part; predictions that leave a fold out follow
 * in closed form from the hat matrix H = Z Z^T, Z = X L^-T: e = (I - H_gg)^-1 r_g.
 */
export class NestedRidge {
  readonly #folds: Folds;
  readonly #columns: Columns;
  readonly #fitted: readonly number[];
  /** Rows per fold, places in `#fitted`. */
  readonly #members: readonly (readonly number[])[];
  readonly #mean: Float64Array;
  /** Factor per column that standardises it. */
  readonly #factor: Float64Array;
  readonly #lower: Float64Array;
  /** (fitted, width) and (others, width): rows in the space of L. */
  readonly #z: Float32Array;
  readonly #others: readonly number[];
  readonly #zOthers: Float32Array;
  /** Per fold and token the Cholesky factor of I - H_gg. */
  readonly #leftOut: (readonly Float64Array[])[] = [];
  readonly #products: MatrixProducts;

  /**
   * @param features (N, width)
   * @param strength of the penalty, relative to the number of rows
   */
  constructor(
    features: Float32Array,
    columns: Columns,
    folds: Folds,
    strength: number,
    products: MatrixProducts,
  ) {
    this.#products = products;
    const { width } = columns;
    this.#folds = folds;
    this.#columns = columns;
    const rows = Array.from({ length: folds.count }, (_, row) => row);
    this.#fitted = rows.filter((row) => folds.of[row]! >= 0);
    this.#others = rows.filter((row) => folds.of[row]! < 0);
    this.#members = Array.from({ length: folds.folds }, (_, fold) =>
      [...this.#fitted.keys()].filter((place) => folds.of[this.#fitted[place]!] === fold),
    );
    const { mean, deviation } = moments(features, width, this.#fitted);
    this.#mean = mean;
    this.#factor = deviation.map((value, i) =>
      value > 1e-7 ? (columns.scales?.[i] ?? 1) / Math.max(value, LEAST_DEVIATION) : 0,
    );
    const z = this.#standardised(features, this.#fitted);
    const ridge = strength * this.#fitted.length;
    this.#lower = cholesky(gramMatrix(z, this.#fitted.length, width, ridge), width);
    this.#z = Float32Array.from(solveLowerRows(this.#lower, width, z));
    this.#zOthers = Float32Array.from(
      solveLowerRows(this.#lower, width, this.#standardised(features, this.#others)),
    );
  }

  /** @param targets (N, outputs); outputs are as many per token for every token, token by token */
  async fit(targets: Float32Array): Promise<RidgeFit> {
    const { width } = this.#columns;
    const outputs = targets.length / this.#folds.count;
    const { mean, values: residuals } = centred(targets, outputs, this.#fitted);
    const projected = await this.#project(residuals, outputs);
    const products = this.#products;
    const explained = await products.multiply(this.#z, projected, [
      this.#fitted.length,
      width,
      outputs,
    ]);
    for (let i = 0; i < residuals.length; i++) residuals[i]! -= explained[i]!;
    this.#leaveOut(residuals, outputs);
    const predicted = new Float32Array(targets.length);
    for (const [place, row] of this.#fitted.entries()) {
      for (let c = 0; c < outputs; c++) {
        predicted[row * outputs + c] =
          targets[row * outputs + c]! - residuals[place * outputs + c]!;
      }
    }
    if (this.#others.length > 0) {
      const unseen = await products.multiply(this.#zOthers, projected, [
        this.#others.length,
        width,
        outputs,
      ]);
      for (const [place, row] of this.#others.entries()) {
        for (let c = 0; c < outputs; c++) {
          predicted[row * outputs + c] = mean[c]! + unseen[place * outputs + c]!;
        }
      }
    }
    return { predicted, map: () => this.#map(projected, mean, outputs) };
  }

  /**
   * What the features do not explain in the rows that are fitted on, (fitted, outputs).
   * @param targets (N, outputs)
   */
  async residuals(targets: Float32Array): Promise<Float32Array> {
    const outputs = targets.length / this.#folds.count;
    const { values } = centred(targets, outputs, this.#fitted);
    const projected = await this.#project(values, outputs);
    const explained = await this.#products.multiply(this.#z, projected, [
      this.#fitted.length,
      this.#columns.width,
      outputs,
    ]);
    return values.map((value, i) => value - explained[i]!);
  }

  /** Z^T Y where a token's outputs may depend on the rows, zero elsewhere: (width, outputs). */
  async #project(values: Float32Array, outputs: number): Promise<Float32Array> {
    const { width, prefixes } = this.#columns;
    const shape = [width, this.#fitted.length, outputs] as const;
    const projected = await this.#products.multiply(this.#z, values, shape, true);
    const perToken = outputs / prefixes.length;
    for (const [token, prefix] of prefixes.entries()) {
      for (let row = prefix; row < width; row++) {
        projected.fill(0, row * outputs + token * perToken, row * outputs + (token + 1) * perToken);
      }
    }
    return projected;
  }

  /** Residuals of the whole fit become those of fits without each row's fold. */
  #leaveOut(residuals: Float32Array, outputs: number): void {
    const perToken = outputs / this.#columns.prefixes.length;
    for (const [fold, members] of this.#members.entries()) {
      if (members.length === 0) continue;
      const factors = (this.#leftOut[fold] ??= this.#leftOutFactors(members));
      for (const [token, factor] of factors.entries()) {
        solvePositive(factor, members, residuals, outputs, token * perToken, perToken);
      }
    }
  }

  #leftOutFactors(members: readonly number[]): Float64Array[] {
    const { width, prefixes } = this.#columns;
    const n = members.length;
    // The intercept's part of the hat matrix.
    const hat = new Float64Array(n * n).fill(-1 / this.#fitted.length);
    let done = 0;
    let factor = new Float64Array();
    return prefixes.map((prefix) => {
      if (prefix === done) return factor;
      for (let i = 0; i < n; i++) {
        const rowI = members[i]! * width;
        for (let j = 0; j <= i; j++) {
          const rowJ = members[j]! * width;
          let sum = 0;
          for (let k = done; k < prefix; k++) sum += this.#z[rowI + k]! * this.#z[rowJ + k]!;
          hat[i * n + j]! -= sum;
        }
      }
      done = prefix;
      factor = hat.slice();
      for (let i = 0; i < n; i++) factor[i * n + i]! += 1;
      cholesky(factor, n);
      return factor;
    });
  }

  #map(
    projected: Float32Array,
    mean: Float64Array,
    outputs: number,
  ): { weights: Float64Array; offset: Float64Array } {
    const { width } = this.#columns;
    // Rows beyond a token's prefix are zero, and stay so.
    const weights = solveUpperColumns(this.#lower, width, Float64Array.from(projected));
    const offset = mean.slice();
    for (let row = 0; row < width; row++) {
      for (let c = 0; c < outputs; c++) {
        weights[row * outputs + c]! *= this.#factor[row]!;
        offset[c]! -= weights[row * outputs + c]! * this.#mean[row]!;
      }
    }
    return { weights, offset };
  }

  #standardised(features: Float32Array, rows: readonly number[]): Float64Array {
    const { width } = this.#columns;
    const values = new Float64Array(rows.length * width);
    for (const [place, row] of rows.entries()) {
      for (let i = 0; i < width; i++) {
        values[place * width + i] =
          (features[row * width + i]! - this.#mean[i]!) * this.#factor[i]!;
      }
    }
    return values;
  }
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
  const column = (row: number): number => members[row]! * outputs + begin;
  for (let i = 0; i < n; i++) {
    const at = column(i);
    for (let k = 0; k < i; k++) {
      const factor = lower[i * n + k]!;
      const from = column(k);
      for (let c = 0; c < count; c++) values[at + c]! -= factor * values[from + c]!;
    }
    for (let c = 0; c < count; c++) values[at + c]! /= lower[i * n + i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    const at = column(i);
    for (let c = 0; c < count; c++) values[at + c]! /= lower[i * n + i]!;
    for (let k = 0; k < i; k++) {
      const factor = lower[i * n + k]!;
      const to = column(k);
      for (let c = 0; c < count; c++) values[to + c]! -= factor * values[at + c]!;
    }
  }
}

function moments(
  values: ArrayLike<number>,
  width: number,
  rows: readonly number[],
): { mean: Float64Array; deviation: Float64Array } {
  const mean = new Float64Array(width);
  for (const row of rows) for (let i = 0; i < width; i++) mean[i]! += values[row * width + i]!;
  for (let i = 0; i < width; i++) mean[i]! /= rows.length;
  const deviation = new Float64Array(width);
  for (const row of rows) {
    for (let i = 0; i < width; i++) deviation[i]! += (values[row * width + i]! - mean[i]!) ** 2;
  }
  return { mean, deviation: deviation.map((value) => Math.sqrt(value / rows.length)) };
}

/** The chosen rows without their mean. */
function centred(
  values: Float32Array,
  width: number,
  rows: readonly number[],
): { mean: Float64Array; values: Float32Array } {
  const { mean } = moments(values, width, rows);
  const centredValues = new Float32Array(rows.length * width);
  for (const [place, row] of rows.entries()) {
    for (let i = 0; i < width; i++) {
      centredValues[place * width + i] = values[row * width + i]! - mean[i]!;
    }
  }
  return { mean, values: centredValues };
}
