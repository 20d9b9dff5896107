/**
 * How the features of two denoising steps are compared, all values of all samples flattened into one
 * vector: `cosine` similarity; `l1` = sum |a - b|; `l2` = square root of sum (a - b)^2; `mse` = mean
 * (a - b)^2.
 */
export const METRICS = ['cosine', 'l1', 'l2', 'mse'] as const;

/** Name of a comparison of two features. */
export type Metric = (typeof METRICS)[number];

/**
 * Whether larger is more alike. The cosine is a similarity and is maximised, the others are distances and
 * are minimised (the authors' published code maximises l2 because of a typing error, which is not followed).
 */
export function isSimilarity(metric: Metric): boolean {
  return metric === 'cosine';
}
