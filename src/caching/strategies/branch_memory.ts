import type { Predict } from '../plan_fields.js';
import { historyOf, predictionWeights } from '../predict_branch.js';
import { applyLinearMap, type LinearMap } from './linear_map.js';

/** The last outputs of one block, and what its predictor makes of them. */
export class BranchMemory {
  readonly #predict: Predict;
  readonly #linear: LinearMap | undefined;
  readonly #steps: number[] = [];
  /** (T, E) each, of #steps. */
  readonly #outputs: Float32Array[] = [];

  /** @param linear the learned map, for `linear` */
  constructor(predict: Predict, linear?: LinearMap) {
    this.#predict = predict;
    this.#linear = linear;
  }

  /** The step that computed it last; undefined before the first. */
  get lastStep(): number | undefined {
    return this.#steps.at(-1);
  }

  /** Its output then, (T, E). */
  get last(): Float32Array | undefined {
    return this.#outputs.at(-1);
  }

  store(step: number, output: Float32Array): void {
    this.#steps.push(step);
    this.#outputs.push(output);
    if (this.#steps.length > historyOf(this.#predict)) {
      this.#steps.shift();
      this.#outputs.shift();
    }
  }

  /** What the block adds at a step that does not compute it. @throws Error before anything is stored */
  predict(step: number, stream: Float32Array): Float32Array {
    if (this.#linear) return applyLinearMap(this.#linear, stream);
    if (this.#outputs.length === 0) throw new Error('a block is reused before it was computed');
    if (this.#outputs.length === 1) return this.#outputs[0]!;
    const weights = predictionWeights(this.#predict, this.#steps, step);
    const sum = new Float32Array(stream.length);
    for (const [i, weight] of weights.entries()) {
      const output = this.#outputs.at(-1 - i)!;
      for (let j = 0; j < sum.length; j++) sum[j]! += weight * output[j]!;
    }
    return sum;
  }
}
