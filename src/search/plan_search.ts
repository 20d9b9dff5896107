import type { AffineRun } from '../caching/affine_run.js';
import type { Trajectories } from '../caching/trajectories.js';
import { type BatchedNetwork, openBatchedNetwork } from '../inference/batched_network.js';
import { denoisingSteps } from '../policy/noise_schedule.js';
import type { PolicyPackage } from '../policy/policy_package.js';
import { ActionError } from './action_error.js';
import { AffineRollout, type Arrival, type Strengths } from './affine_rollout.js';
import { searchSplit } from './search_split.js';
import { stepGrid } from './step_grid.js';
import { type Path, searchTrellis } from './step_trellis.js';

/** Candidate steps of the first search. */
const GRID = 20;

/** Of which each run takes what leaves the least error on samples that it was not fitted on. */
const STRENGTHS: readonly Strengths[] = [
  { ridge: 1e-2, condition: 1, previous: 0 },
  { ridge: 1e-3, condition: 1, previous: 0 },
  { ridge: 1e-1, condition: 1, previous: 0 },
];

/** A plan that was carried out on all samples. */
export interface Outcome {
  readonly evaluations: readonly number[];
  /** Of executed actions, on samples that the fits at hand did not see. */
  readonly error: number;
  /** On the held-out episodes. */
  readonly heldOut: number;
  readonly runs: () => AffineRun[];
}

/** Looks for the steps at which a policy's network is worth evaluating. */
export class PlanSearch {
  readonly #rollout: AffineRollout;
  readonly #network: BatchedNetwork;
  readonly #trajectories: Trajectories;
  readonly #error: ActionError;
  readonly #steps: number;

  private constructor(
    rollout: AffineRollout,
    network: BatchedNetwork,
    trajectories: Trajectories,
    error: ActionError,
  ) {
    this.#rollout = rollout;
    this.#network = network;
    this.#trajectories = trajectories;
    this.#error = error;
    this.#steps = trajectories.clean.length;
  }

  static async open(
    policy: PolicyPackage,
    trajectories: Trajectories,
    { weights, threads }: { readonly weights: readonly number[]; readonly threads: number },
  ): Promise<PlanSearch> {
    const { architecture, noise_scheduler: scheduler } = policy.manifest;
    const folds = searchSplit(trajectories);
    const network = await openBatchedNetwork(policy, trajectories.condition, { threads });
    const rollout = new AffineRollout(
      { architecture, clipRange: scheduler.clip_range },
      denoisingSteps(scheduler),
      trajectories,
      folds,
      network,
    );
    const error = new ActionError(policy.manifest, weights, folds);
    return new PlanSearch(rollout, network, trajectories, error);
  }

  /** The best steps for 1 to `most` evaluations. */
  async trellis(most: number, onNode?: () => boolean): Promise<Path[]> {
    return searchTrellis(this.#rollout, {
      grid: stepGrid(this.#steps, GRID),
      most,
      steps: this.#steps,
      strengths: STRENGTHS[0]!,
      deviation: (arrival) => this.#deviation(arrival),
      ...(onNode && { onNode }),
    });
  }

  /** Carries a plan out, choosing the strengths of every run. */
  async carryOut(evaluations: readonly number[]): Promise<Outcome> {
    let arrival = this.#rollout.start();
    const runs: (() => AffineRun)[] = [];
    for (const i of evaluations.keys()) {
      const end = evaluations[i + 1] ?? this.#steps;
      const from = await this.#rollout.evaluate(arrival);
      let least = Infinity;
      for (const strengths of STRENGTHS) {
        const found = await (await this.#rollout.runsFrom(from, strengths)).to(end);
        const deviation = this.#deviation(found.arrival);
        if (deviation >= least) continue;
        least = deviation;
        arrival = found.arrival;
        runs[i] = found.run;
      }
    }
    const final = this.#trajectories.states[this.#steps]!;
    return {
      evaluations,
      error: this.#error.of(arrival.x, final),
      heldOut: this.#error.of(arrival.x, final, true),
      runs: () => runs.map((run) => run()),
    };
  }

  async close(): Promise<void> {
    await this.#rollout.close();
    await this.#network.close();
  }

  #deviation({ x, step }: Arrival): number {
    return this.#error.of(x, this.#trajectories.states[step]!);
  }
}
