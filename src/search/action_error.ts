import type { PolicyManifest } from '../policy/manifest.js';
import type { Folds } from './ridge_rows.js';

/** Root mean square deviations of executed actions, weighted, in physical units. */
export class ActionError {
  /** Per value of a sample (T, A) its weight: 0 where the action is not executed. */
  readonly #weights: Float64Array;
  readonly #total: number;
  readonly #folds: Folds;

  /** @param weights of the joints, A of them */
  constructor(manifest: PolicyManifest, weights: readonly number[], folds: Folds) {
    const { architecture: a, action } = manifest;
    const { horizon, action_dim: actions, first_action_step: first, n_action_steps: executed } = a;
    this.#weights = new Float64Array(horizon * actions);
    for (let token = first; token < first + executed; token++) {
      for (let j = 0; j < actions; j++) {
        this.#weights[token * actions + j] = weights[j]! / action.normaliser.scale[j]! ** 2;
      }
    }
    this.#total = executed * weights.reduce((sum, weight) => sum + weight, 0);
    this.#folds = folds;
  }

  /**
   * @param x (N, T, A), normalised
   * @param reference what they are compared with
   * @param heldOut of the rows that nothing was fitted on, instead of the others
   */
  of(x: Float32Array, reference: Float32Array, heldOut = false): number {
    const size = this.#weights.length;
    let [sum, rows] = [0, 0];
    for (let row = 0; row < this.#folds.count; row++) {
      if (this.#folds.of[row]! < 0 !== heldOut) continue;
      rows++;
      for (let i = 0; i < size; i++) {
        const at = row * size + i;
        sum += this.#weights[i]! * (x[at]! - reference[at]!) ** 2;
      }
    }
    return Math.sqrt(sum / (rows * this.#total));
  }
}
