import type { Predict } from './plan_fields.js';

/** Past outputs that a predictor looks at. */
export function historyOf(predict: Predict): number {
  switch (predict.kind) {
    case 'reuse':
    case 'linear':
      return 1;
    case 'adams-bashforth':
      return 2;
    case 'taylor':
      return predict.order + 1;
  }
}

/**
 * Weights by which the outputs of the last computed steps are summed at a step in between; they add up to 1.
 * `taylor` of order m takes the polynomial through the last m + 1 outputs (Newton's form of TaylorSeer, arXiv
 * 2503.06923, so that polynomials of degree m are met exactly however unevenly the updates lie);
 * `adams-bashforth` the line through the last two (AB-Cache, arXiv 2504.10540, second order: 2 f1 - f0 where
 * updates are as far apart as the forecast reaches). Where there are fewer outputs yet, the order is lower.
 * @param computed steps whose outputs are known, ascending, all below `step`, at least one
 * @returns newest first
 * @throws RangeError for `linear`, which maps the block's input
 */
export function predictionWeights(
  predict: Predict,
  computed: readonly number[],
  step: number,
): number[] {
  if (predict.kind === 'linear')
    throw new RangeError('a linear map has no weights of past outputs');
  const known = computed.slice(-historyOf(predict)).reverse();
  return known.map((own) =>
    known.reduce(
      (product, other) => (other === own ? product : (product * (step - other)) / (own - other)),
      1,
    ),
  );
}
