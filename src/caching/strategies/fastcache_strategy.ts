import { chiSquareQuantile } from './chi_square.js';
import type { PlanStrategy } from './plan_strategy.js';
import type { Strategy } from './strategy.js';

/** What {@link FastCacheStrategy} tests against. */
export interface FastCacheTest {
  /** Level of the test, in (0, 1). */
  readonly significance: number;
  /** Per block, variance of each element of its input's change that counts as no change. */
  readonly variances: ArrayLike<number>;
}

/**
 * FastCache (arXiv 2505.20353), its cache of blocks: the squared change of a block's input since it was computed
 * last, over the variance, is chi-square distributed with T E degrees of freedom where nothing but noise changed
 * it; the block is computed where the test refutes that. Else a learned linear map of the input takes its place
 * (the plan's predictor `linear`). Updates of the plan are computed as well.
 */
export class FastCacheStrategy implements Strategy {
  readonly #plan: PlanStrategy;
  readonly #test: FastCacheTest;
  /** Per block its input when it was computed last, (T, E). */
  readonly #inputs: Float32Array[] = [];
  #limit: number | undefined;

  constructor(plan: PlanStrategy, test: FastCacheTest) {
    this.#plan = plan;
    this.#test = test;
  }

  computes(step: number, block: number, stream: Float32Array): boolean {
    if (this.#plan.computes(step, block)) return true;
    const before = this.#inputs[block]!;
    this.#limit ??= chiSquareQuantile(1 - this.#test.significance, stream.length);
    let change = 0;
    for (let i = 0; i < stream.length; i++) change += (stream[i]! - before[i]!) ** 2;
    return change > this.#limit * this.#test.variances[block]!;
  }

  computed(step: number, block: number, stream: Float32Array, branch: Float32Array): Float32Array {
    this.#inputs[block] = stream.slice();
    return this.#plan.computed(step, block, stream, branch);
  }

  predict(step: number, block: number, stream: Float32Array): Float32Array {
    return this.#plan.predict(step, block, stream);
  }
}
