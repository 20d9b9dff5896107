import { denoiserWeights } from '../compiler/denoiser_weights.js';
import { buildStepGraphs } from '../compiler/step_graph.js';
import type { PolicyPackage } from '../policy/policy_package.js';

/** Multiply-adds of plans as a share of the dense policy's, without compiling them. */
export class PlanCost {
  /** Of the dense policy. */
  readonly dense: number;
  readonly #prepare: number;
  readonly #evaluation: number;
  /** Of an affine run without noise, and of the noise of one step. */
  readonly #run: number;
  readonly #noise: number;
  readonly #steps: number;

  constructor({ denoiser, manifest }: PolicyPackage) {
    const { architecture: a, noise_scheduler: scheduler } = manifest;
    // The graph of one step is the same for all, and a single one is built fast.
    const { prepare, step } = buildStepGraphs(denoiserWeights(denoiser, a), {
      ...manifest,
      noise_scheduler: { ...scheduler, steps: 1 },
    });
    const size = a.horizon * a.action_dim;
    this.#steps = scheduler.steps;
    this.#prepare = prepare.multiplyAdds;
    this.#evaluation = step.multiplyAdds;
    this.#run = size * (2 * size + a.n_obs_steps * a.condition_dim);
    this.#noise = size * size;
    this.dense = this.#prepare + this.#steps * this.#evaluation;
  }

  /** Multiply-adds of a plan of full evaluations with affine runs. @param noises kept of all steps */
  affine(evaluations: number, noises = this.#steps): number {
    return this.#prepare + evaluations * (this.#evaluation + this.#run) + noises * this.#noise;
  }

  /**
   * Most evaluations whose multiply-adds are within a share of the dense policy's evaluations; 0 = not even one.
   * What every plan needs beside them, once a chunk, comes on top: 0.1 % of 8 layers and 100 steps.
   */
  mostEvaluations(share: number): number {
    return Math.floor(share * this.#steps + 1e-9);
  }
}
