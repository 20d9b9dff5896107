import type { Numerics } from '../caching/plan_fields.js';
import { denoiserWeights } from '../compiler/denoiser_weights.js';
import { buildStepGraphs } from '../compiler/step_graph.js';
import type { PolicyManifest } from '../policy/manifest.js';
import type { PolicyPackage } from '../policy/policy_package.js';

/**
 * Whoever says 0.02 means two evaluations of a hundred. What is done once a chunk comes on top, by at most this (at 8
 * layers and 0.02 it is 3.5 %). The certificate has the exact cost.
 */
const ON_TOP = 1.05;

/** Multiply-adds of plans without compiling them, as the compiled graph counts them. */
export class PlanCost {
  /** Of the dense policy in single precision. */
  readonly dense: number;
  readonly #prepare: number;
  readonly #evaluation: number;
  /** Of an affine run without noise, and of the noise of one step. */
  readonly #run: number;
  readonly #noise: number;
  readonly #steps: number;

  /** @param numerics of the plans; idle tokens are computed in single precision only */
  constructor(policy: PolicyPackage, numerics: Numerics = { kind: 'fp32' }) {
    const { architecture: a, noise_scheduler: scheduler } = policy.manifest;
    const { prepare, step } = graphsOf(policy, numerics);
    const plain = numerics.kind === 'fp32' ? { prepare, step } : graphsOf(policy, { kind: 'fp32' });
    const size = a.horizon * a.action_dim;
    this.#steps = scheduler.steps;
    this.#prepare = prepare;
    this.#evaluation = step;
    // State, clean sample and, where the network is asked ahead, that; the same of the evaluation before.
    this.#run = size * (6 * size + a.n_obs_steps * a.condition_dim);
    // Of one step in its run's map, and in where the network is asked.
    this.#noise = size * (size + 1);
    this.dense = plain.prepare + this.#steps * plain.step;
  }

  /**
   * Multiply-adds of a plan of full evaluations with affine runs, at most: the first run may look at nothing, and
   * noise that has faded away may be left out.
   */
  affine(evaluations: number): number {
    return (
      this.#prepare +
      evaluations * this.#evaluation +
      (evaluations + 1) * this.#run +
      this.#steps * this.#noise
    );
  }

  /**
   * Most evaluations that are a share of the dense policy's multiply-adds, and with all else no more than 5 % above
   * it; 0 = not even one.
   */
  mostEvaluations(share: number): number {
    let evaluations = 0;
    while (evaluations < this.#steps && this.#isWithin(share * this.dense, evaluations + 1)) {
      evaluations++;
    }
    return evaluations;
  }

  #isWithin(budget: number, evaluations: number): boolean {
    return evaluations * this.#evaluation <= budget && this.affine(evaluations) <= budget * ON_TOP;
  }
}

/** Multiply-adds of what is done once a chunk, and of a whole evaluation. */
function graphsOf(
  { denoiser, manifest }: PolicyPackage,
  numerics: Numerics,
): { readonly prepare: number; readonly step: number } {
  const weights = denoiserWeights(denoiser, manifest.architecture);
  // The graph of one step is the same for all, and a single one is built fast.
  const single: PolicyManifest = {
    ...manifest,
    noise_scheduler: { ...manifest.noise_scheduler, steps: 1 },
  };
  const { prepare, step } = buildStepGraphs(weights, single, { numerics });
  return {
    prepare: prepare.multiplyAdds,
    step: step.multiplyAdds,
  };
}
