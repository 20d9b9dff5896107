import type { Numerics } from '../caching/plan_fields.js';
import { denoiserWeights } from '../compiler/denoiser_weights.js';
import { buildStepGraphs } from '../compiler/step_graph.js';
import { tokensToCompute } from '../compiler/token_padding.js';
import type { PolicyManifest } from '../policy/manifest.js';
import type { PolicyPackage } from '../policy/policy_package.js';

/** At most this share of the feed-forward blocks may be left out of the last evaluation. */
const MOST_REUSED = 1 / 4;

/** How many evaluations of the network a plan may have. */
export interface EvaluationBudget {
  /** 0 = not even one. */
  readonly evaluations: number;
  /** Feed-forward blocks that the last evaluation has to take from the one before; 0 where all fit. */
  readonly reused: number;
}

/** Multiply-adds of plans without compiling them, as the compiled graph counts them. */
export class PlanCost {
  /** Of the dense policy in single precision. */
  readonly dense: number;
  readonly #prepare: number;
  readonly #evaluation: number;
  readonly #feedForward: number;
  /** Of an affine run without noise, and of the noise of one step. */
  readonly #run: number;
  readonly #noise: number;
  readonly #steps: number;
  readonly #layers: number;

  /** @param numerics of the plans; idle tokens are computed in single precision only */
  constructor(policy: PolicyPackage, numerics: Numerics = { kind: 'fp32' }) {
    const { architecture: a, noise_scheduler: scheduler } = policy.manifest;
    const { prepare, step, hidden } = graphsOf(policy, numerics);
    const plain = numerics.kind === 'fp32' ? { prepare, step } : graphsOf(policy, { kind: 'fp32' });
    const size = a.horizon * a.action_dim;
    this.#steps = scheduler.steps;
    this.#layers = a.layers;
    this.#prepare = prepare;
    this.#evaluation = step;
    this.#feedForward = 2 * tokensToCompute(a.horizon, numerics) * a.embedding * hidden;
    this.#run = size * (2 * size + a.n_obs_steps * a.condition_dim);
    this.#noise = size * size;
    this.dense = plain.prepare + this.#steps * plain.step;
  }

  /**
   * Multiply-adds of a plan of full evaluations with affine runs, the first of which may look at nothing.
   * @param reused feed-forward blocks that the last evaluation does not compute
   * @param noises kept of all steps
   */
  affine(evaluations: number, reused = 0, noises = this.#steps): number {
    return (
      this.#prepare +
      evaluations * this.#evaluation -
      reused * this.#feedForward +
      (evaluations + 1) * this.#run +
      noises * this.#noise
    );
  }

  /** Most evaluations whose multiply-adds are within a share of the dense policy's. */
  within(share: number): EvaluationBudget {
    const most = share * this.dense;
    let evaluations = 0;
    while (evaluations < this.#steps && this.affine(evaluations + 1) <= most) evaluations++;
    // With a single evaluation there is none before it to take anything from.
    if (evaluations > 0 && evaluations < this.#steps) {
      for (let reused = 1; reused <= MOST_REUSED * this.#layers; reused++) {
        if (this.affine(evaluations + 1, reused) <= most) {
          return { evaluations: evaluations + 1, reused };
        }
      }
    }
    return { evaluations, reused: 0 };
  }

  /**
   * Most evaluations whose multiply-adds are within a share of the dense policy's evaluations; 0 = not even one.
   * What every plan needs beside them, once a chunk, comes on top: 0.1 % of 8 layers and 100 steps.
   */
  mostEvaluations(share: number): number {
    return Math.floor(share * this.#steps + 1e-9);
  }
}

/** Multiply-adds of what is done once a chunk and of a whole evaluation, and the width of the feed-forward. */
function graphsOf(
  { denoiser, manifest }: PolicyPackage,
  numerics: Numerics,
): { readonly prepare: number; readonly step: number; readonly hidden: number } {
  const weights = denoiserWeights(denoiser, manifest.architecture);
  // The graph of one step is the same for all, and a single one is built fast.
  const single: PolicyManifest = {
    ...manifest,
    noise_scheduler: { ...manifest.noise_scheduler, steps: 1 },
  };
  const { prepare, step } = buildStepGraphs(weights, single, numerics);
  return {
    prepare: prepare.multiplyAdds,
    step: step.multiplyAdds,
    hidden: weights.layers[0]!.expand.weight.columns,
  };
}
