import type { Decision } from '../plan_fields.js';
import type { PlanStrategy } from './plan_strategy.js';
import type { Strategy } from './strategy.js';

/**
 * Sortblock (arXiv 2508.00412): every `interval` steps all blocks are computed and ranked by how much their
 * residual turned since they were computed last (the angle, a step); until the next time only the top `share` of
 * them is computed. Steps 0 and 1 compute all, for there is nothing to rank before. What the others add is up to
 * the plan's predictor: a straight line through the last two residuals.
 */
export class SortblockStrategy implements Strategy {
  readonly #plan: PlanStrategy;
  readonly #decision: Extract<Decision, { kind: 'sortblock' }>;
  /** Per block, how much its residual turned a step, as of its last computation. */
  readonly #turned: Float64Array;
  #chosen: ReadonlySet<number> = new Set();

  constructor(plan: PlanStrategy, decision: Extract<Decision, { kind: 'sortblock' }>) {
    this.#plan = plan;
    this.#decision = decision;
    this.#turned = new Float64Array(plan.memories.length);
  }

  computes(step: number, block: number): boolean {
    if (block === 0 && this.#isFull(step - 1)) this.#rank();
    return this.#isFull(step) || this.#chosen.has(block) || this.#plan.computes(step, block);
  }

  computed(step: number, block: number, stream: Float32Array, branch: Float32Array): Float32Array {
    const { last, lastStep } = this.#plan.memories[block]!;
    if (last) this.#turned[block] = Math.acos(cosine(last, branch)) / (step - lastStep!);
    return this.#plan.computed(step, block, stream, branch);
  }

  predict(step: number, block: number, stream: Float32Array): Float32Array {
    return this.#plan.predict(step, block, stream);
  }

  #isFull(step: number): boolean {
    return step === 0 || step === 1 || step % this.#decision.interval === 0;
  }

  #rank(): void {
    const count = Math.ceil(this.#decision.share * this.#turned.length);
    const ranked = [...this.#turned.keys()].sort((a, b) => this.#turned[b]! - this.#turned[a]!);
    this.#chosen = new Set(ranked.slice(0, count));
  }
}

/** Of two tensors, in [-1, 1]; 1 where both are zero. */
function cosine(a: Float32Array, b: Float32Array): number {
  let [dot, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    dot += a[i]! * b[i]!;
    aa += a[i]! ** 2;
    bb += b[i]! ** 2;
  }
  if (aa === 0 && bb === 0) return 1;
  if (aa === 0 || bb === 0) return 0;
  return Math.max(-1, Math.min(1, dot / Math.sqrt(aa * bb)));
}
