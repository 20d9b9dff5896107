import type { BlockStatistics } from './feature_statistics.js';
import type { Metric } from './metrics.js';
import { squareMatrix, type SquareMatrix } from './square_matrix.js';

/**
 * S of the paper's feature similarity analysis: entry (a, t) compares a block's features at denoising steps
 * a and t by `metric`. A feature that is zero everywhere has cosine 0 to everything, itself included, as in
 * PyTorch.
 * @returns (K, K)
 */
export function stepSimilarity(statistics: BlockStatistics, metric: Metric): SquareMatrix {
  const { steps, values, absoluteDifference, squaredDifference, squaredNorm } = statistics;
  return squareMatrix(steps, (a, b) => {
    const at = a * steps + b;
    switch (metric) {
      case 'l1':
        return absoluteDifference[at]!;
      case 'l2':
        return Math.sqrt(squaredDifference[at]!);
      case 'mse':
        return squaredDifference[at]! / values;
      case 'cosine': {
        const norms = Math.sqrt(squaredNorm[a]! * squaredNorm[b]!);
        if (norms === 0) return 0;
        // a.b from |a - b|^2. Off by 1e-16 times the ratio of the two norms: nothing, for features that
        // are compared because one may stand in for the other.
        return (squaredNorm[a]! + squaredNorm[b]! - squaredDifference[at]!) / (2 * norms);
      }
    }
  });
}

/**
 * Error by which the Bubbling Union Algorithm ranks a block: mean over all step pairs i < j of
 * mean |O_i - O_j|. Zero for a single step, which has no pair.
 */
export function blockError({ steps, values, absoluteDifference }: BlockStatistics): number {
  let sum = 0;
  for (let i = 0; i < steps; i++) {
    for (let j = i + 1; j < steps; j++) sum += absoluteDifference[i * steps + j]!;
  }
  const pairs = (steps * (steps - 1)) / 2;
  return pairs === 0 ? 0 : sum / pairs / values;
}
