import type { MatrixProducts } from '../inference/matrix_products.js';

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

/** The rows of a regression, standardised, as fits of any strength share them. */
export interface RidgeRows {
  readonly folds: Folds;
  /** Number of features. */
  readonly width: number;
  /** Rows that are fitted on, ascending, and the rest. */
  readonly fitted: readonly number[];
  readonly others: readonly number[];
  /** Rows per fold, places in `fitted`. */
  readonly members: readonly (readonly number[])[];
  /** Per place in `fitted`, the square root of the row's weight. */
  readonly roots: Float64Array;
  /** (width), weighted. */
  readonly mean: Float64Array;
  /** (width): standardises a feature; 0 where it never moves. */
  readonly factor: Float64Array;
  /** (fitted, width), standardised and times the root of the weight. */
  readonly z: Float32Array;
  /** (others, width), standardised. */
  readonly zOthers: Float32Array;
  /** (width, width): z^T z. */
  readonly gram: Float32Array;
}

/**
 * @param features (N, width)
 * @param weights per row how much it counts, positive; absent = all alike
 */
export async function ridgeRows(
  features: Float32Array,
  folds: Folds,
  products: MatrixProducts,
  weights?: Float64Array,
): Promise<RidgeRows> {
  const width = features.length / folds.count;
  const rows = Array.from({ length: folds.count }, (_, row) => row);
  const fitted = rows.filter((row) => folds.of[row]! >= 0);
  const others = rows.filter((row) => folds.of[row]! < 0);
  const places = [...fitted.keys()];
  const members = Array.from({ length: folds.folds }, (_, fold) =>
    places.filter((place) => folds.of[fitted[place]!] === fold),
  );
  const roots = Float64Array.from(fitted, (row) => Math.sqrt(weights?.[row] ?? 1));
  const mean = weightedMean(features, width, fitted, roots);
  const factor = deviations(features, mean, fitted).map((value) =>
    value > 1e-7 ? 1 / Math.max(value, LEAST_DEVIATION) : 0,
  );
  const standardised = (which: readonly number[], scales?: Float64Array): Float32Array => {
    const values = new Float32Array(which.length * width);
    for (const [place, row] of which.entries()) {
      const scale = scales?.[place] ?? 1;
      for (let i = 0; i < width; i++) {
        const value = (features[row * width + i]! - mean[i]!) * factor[i]!;
        values[place * width + i] = scale * value;
      }
    }
    return values;
  };
  const z = standardised(fitted, roots);
  const zOthers = standardised(others);
  const gram = await products.multiply(z, z, [width, fitted.length, width], true);
  return {
    folds,
    width,
    fitted,
    others,
    members,
    roots,
    mean,
    factor,
    z,
    zOthers,
    gram,
  };
}

/**
 * Targets of the rows that are fitted on, less their weighted mean and times the root of the weight.
 * @param targets (N, outputs)
 */
export function centredTargets(
  { folds, fitted, roots }: RidgeRows,
  targets: Float32Array,
): { readonly mean: Float64Array; readonly values: Float32Array } {
  const outputs = targets.length / folds.count;
  const mean = weightedMean(targets, outputs, fitted, roots);
  const values = new Float32Array(fitted.length * outputs);
  for (const [place, row] of fitted.entries()) {
    const root = roots[place]!;
    for (let c = 0; c < outputs; c++) {
      values[place * outputs + c] = root * (targets[row * outputs + c]! - mean[c]!);
    }
  }
  return { mean, values };
}

/** @param roots of the rows' weights */
function weightedMean(
  values: Float32Array,
  width: number,
  rows: readonly number[],
  roots: Float64Array,
): Float64Array {
  const mean = new Float64Array(width);
  let total = 0;
  for (const [place, row] of rows.entries()) {
    const weight = roots[place]! ** 2;
    total += weight;
    for (let i = 0; i < width; i++) mean[i]! += weight * values[row * width + i]!;
  }
  return mean.map((sum) => sum / total);
}

function deviations(
  values: Float32Array,
  mean: Float64Array,
  rows: readonly number[],
): Float64Array {
  const width = mean.length;
  const sums = new Float64Array(width);
  for (const row of rows) {
    for (let i = 0; i < width; i++) sums[i]! += (values[row * width + i]! - mean[i]!) ** 2;
  }
  return sums.map((sum) => Math.sqrt(sum / rows.length));
}
