import type { Decision } from '../plan_fields.js';
import type { PlanStrategy } from './plan_strategy.js';
import { relativeChange } from './relative_change.js';
import type { Strategy } from './strategy.js';

/**
 * TeaCache (arXiv 2411.19108): the relative L1 change of the first block's input from one step to the next,
 * rescaled by a polynomial to that of the network's output, is summed up; where the sum reaches the threshold,
 * all blocks are computed and the sum begins anew. Updates of the plan are computed as well.
 */
export class TeaCacheStrategy implements Strategy {
  readonly #plan: PlanStrategy;
  readonly #decision: Extract<Decision, { kind: 'teacache' }>;
  /** First block's input at the step before, (T, E). */
  #before: Float32Array | undefined;
  #accumulated = 0;
  #computing = false;

  constructor(plan: PlanStrategy, decision: Extract<Decision, { kind: 'teacache' }>) {
    this.#plan = plan;
    this.#decision = decision;
  }

  computes(step: number, block: number, stream: Float32Array): boolean {
    if (block === 0) this.#computing = this.#decides(step, stream);
    return this.#computing || this.#plan.computes(step, block);
  }

  computed(step: number, block: number, stream: Float32Array, branch: Float32Array): Float32Array {
    return this.#plan.computed(step, block, stream, branch);
  }

  predict(step: number, block: number, stream: Float32Array): Float32Array {
    return this.#plan.predict(step, block, stream);
  }

  #decides(step: number, stream: Float32Array): boolean {
    if (this.#before) this.#accumulated += this.#rescaled(relativeChange(stream, this.#before));
    this.#before = stream.slice();
    const reached = this.#accumulated >= this.#decision.threshold;
    if (reached || this.#plan.computes(step, 0)) this.#accumulated = 0;
    return reached;
  }

  /** Never negative, as the fit can be outside of the changes it was made from. */
  #rescaled(change: number): number {
    const { coefficients } = this.#decision;
    if (!coefficients) return change;
    return Math.max(
      0,
      coefficients.reduceRight((sum, coefficient) => sum * change + coefficient, 0),
    );
  }
}
