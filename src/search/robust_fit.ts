import { median } from '../caching/median.js';
import type { MatrixProducts } from '../inference/matrix_products.js';
import { NestedRidge, type RidgeFit } from './nested_ridge.js';
import { type Folds, ridgeRows, type RidgeRows } from './ridge_rows.js';

/** What a run could be fitted on. */
export interface Features {
  /** (N, width) */
  readonly values: Float32Array;
  /** How many of the leading columns are the condition's. */
  readonly condition: number;
  /** Per output token, how many of the leading columns it may depend on, ascending. */
  readonly prefixes: readonly number[];
}

/** Features that are made only where there are rows enough for them. */
export interface Candidate<F extends Features> {
  /** Number of features. */
  readonly width: number;
  readonly make: () => F;
}

/** How strongly the parts of a correction are held back. */
interface Strengths {
  /** Ridge, relative to the number of rows. */
  readonly ridge: number;
  /** Factor of the standardised condition. */
  readonly condition: number;
}

/** Of which each run takes what leaves the least error on samples that it was not fitted on. */
const STRENGTHS: readonly Strengths[] = [
  { ridge: 1e-3, condition: 1 },
  { ridge: 1e-3, condition: 0.3 },
  { ridge: 1e-2, condition: 1 },
  { ridge: 1e-1, condition: 1 },
  // Next to nothing is fitted: the clean sample stays what it is, which is best where runs are short.
  { ridge: 1e4, condition: 1 },
];

/** Fewer rows than so many times the features are not enough to learn from. */
const LEAST_ROWS_PER_FEATURE = 2.5;

/** How often rows are weighted anew by how far off they are. */
const REWEIGHTED = 2;
/** Rows beyond so many medians count less, as by Huber. */
const FAR = 3;

/** A fit and the features that it takes. */
export interface ChosenFit<F extends Features> extends RidgeFit {
  readonly features: F;
}

/**
 * The fit that leaves the least error on rows that it had no part in, over strengths. Then rows that
 * are far off, where a policy decides between two ways and no affine map can follow, count less, as long as that
 * leaves less error on all.
 * @param candidates features, the widest first: taken are the first that are not too many for the rows, or the last
 * @param target (N, outputs)
 * @param deviation of predictions (N, outputs), on what they were not fitted on
 */
export async function robustFit<F extends Features>(
  candidates: readonly Candidate<F>[],
  target: Float32Array,
  folds: Folds,
  products: MatrixProducts,
  deviation: (predicted: Float32Array) => number,
): Promise<ChosenFit<F>> {
  const count = folds.of.reduce((sum, fold) => sum + (fold >= 0 ? 1 : 0), 0);
  const isLearnable = ({ width }: Candidate<F>): boolean => LEAST_ROWS_PER_FEATURE * width <= count;
  const features = (candidates.find(isLearnable) ?? candidates.at(-1)!).make();
  let best: { strengths: Strengths; fit: RidgeFit; left: number } | undefined;
  const consider = async (rows: RidgeRows, strengths: Strengths): Promise<void> => {
    const scales = new Float64Array(rows.width)
      .fill(1)
      .fill(strengths.condition, 0, features.condition);
    const penalty = { prefixes: features.prefixes, strength: strengths.ridge, scales };
    const ridge = await NestedRidge.of(rows, penalty, products);
    const fit = await ridge.fit(target);
    const left = deviation(fit.predicted);
    if (!best || left < best.left) best = { strengths, fit, left };
  };
  const alike = await ridgeRows(features.values, folds, products);
  for (const strengths of STRENGTHS) await consider(alike, strengths);
  for (let round = 0; round < REWEIGHTED; round++) {
    const { strengths, fit } = best!;
    const weights = rowWeights(fit.predicted, target, folds);
    const rows = await ridgeRows(features.values, folds, products, weights);
    await consider(rows, strengths);
    if (best!.fit === fit) break;
  }
  return { ...best!.fit, features };
}

/** Huber's weights: 1 for rows within {@link FAR} medians of the root mean square residual. */
function rowWeights(predicted: Float32Array, target: Float32Array, folds: Folds): Float64Array {
  const outputs = target.length / folds.count;
  const off = Float64Array.from({ length: folds.count }, (_, row) => {
    let sum = 0;
    for (let i = row * outputs; i < (row + 1) * outputs; i++) {
      sum += (predicted[i]! - target[i]!) ** 2;
    }
    return Math.sqrt(sum / outputs);
  });
  const far = FAR * median(off.filter((_, row) => folds.of[row]! >= 0));
  return off.map((value) => (value <= far ? 1 : far / value));
}
