import type { AffineRun } from '../caching/affine_run.js';
import type { Trajectories } from '../caching/trajectories.js';
import { type BatchedNetwork, openBatchedNetwork } from '../inference/batched_network.js';
import { denoisingSteps } from '../policy/noise_schedule.js';
import type { PolicyPackage } from '../policy/policy_package.js';
import { ActionError } from './action_error.js';
import { AffineRollout, type Arrival, type Evaluated, type Strengths } from './affine_rollout.js';
import type { Folds } from './nested_ridge.js';
import { searchSplit } from './search_split.js';
import { stepGrid } from './step_grid.js';
import { type Path, searchTrellis } from './step_trellis.js';

/** Candidate steps of the first search. */
const GRID = 16;

/** Of which each run takes what leaves the least error on samples that it was not fitted on. */
const STRENGTHS: readonly Strengths[] = [
  { ridge: 1e-3, condition: 1, previous: 0 },
  { ridge: 1e-3, condition: 0.3, previous: 0 },
  { ridge: 1e-2, condition: 1, previous: 0 },
  { ridge: 1e-1, condition: 1, previous: 0 },
  // Next to nothing is fitted: the clean sample stays what it is, which is best where runs are short.
  { ridge: 1e4, condition: 1, previous: 0 },
];

/** Prefixes of plans whose states are kept, so that plans which begin alike share their evaluations. */
const KEPT_PREFIXES = 48;

/** A plan that could be made. */
export interface Candidate {
  /** Steps at which the network is evaluated, ascending. */
  readonly evaluations: readonly number[];
  /** Blocks, in canonical order, that the last evaluation does not compute but takes from the one before. */
  readonly reused: readonly number[];
}

/** A candidate that was carried out on all samples. */
export interface Outcome extends Candidate {
  /** Of executed actions, on samples that the fits at hand did not see. */
  readonly error: number;
  /** On the held-out episodes. */
  readonly heldOut: number;
  readonly runs: () => AffineRun[];
}

interface Stage {
  readonly arrival: Arrival;
  readonly runs: readonly (() => AffineRun)[];
}

/** Carries plans out on the dense runs of a calibration, with corrections fitted as they go. */
export class PlanSearch {
  /** Which samples are held out. */
  readonly folds: Folds;
  readonly #rollout: AffineRollout;
  readonly #network: BatchedNetwork;
  readonly #trajectories: Trajectories;
  readonly #error: ActionError;
  readonly #steps: number;
  readonly #stages = new Map<string, Stage>();

  private constructor(
    rollout: AffineRollout,
    network: BatchedNetwork,
    trajectories: Trajectories,
    error: ActionError,
    folds: Folds,
  ) {
    this.#rollout = rollout;
    this.#network = network;
    this.#trajectories = trajectories;
    this.#error = error;
    this.#steps = trajectories.clean.length;
    this.folds = folds;
  }

  /**
   * @param options `weights` of the joints in the error, A of them; `threads` inside one operator
   */
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
    return new PlanSearch(rollout, network, trajectories, error, folds);
  }

  /** The best steps for 1 to `most` evaluations. @param onNode false ends the search */
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

  /** Carries a plan out. */
  async carryOut({ evaluations, reused }: Candidate): Promise<Outcome> {
    let stage: Stage = await this.#leadIn(evaluations[0]!);
    const last = evaluations.length - 1;
    for (const i of evaluations.keys()) {
      const blocks = i === last ? reused : [];
      const kept = i === last - 1 ? reused : [];
      const end = evaluations[i + 1] ?? this.#steps;
      const key = JSON.stringify([evaluations.slice(0, i + 1), end, blocks, kept]);
      const known = this.#stages.get(key);
      this.#stages.delete(key);
      stage = known ?? (await this.#advance(stage, end, blocks, kept));
      this.#stages.set(key, stage);
    }
    for (const key of this.#stages.keys()) {
      if (this.#stages.size <= KEPT_PREFIXES) break;
      this.#stages.delete(key);
    }
    const { arrival, runs } = stage;
    return { evaluations, reused, ...this.#errorOf(arrival), runs: () => runs.map((run) => run()) };
  }

  /** The errors of an affine policy that evaluates no network: what a correction can do by itself. */
  async control(): Promise<Pick<Outcome, 'error' | 'heldOut'>> {
    const { arrival } = await this.#fit(this.#rollout.unevaluated(), this.#steps);
    return this.#errorOf(arrival);
  }

  async close(): Promise<void> {
    await this.#rollout.close();
    await this.#network.close();
  }

  /** Up to the first evaluation. */
  async #leadIn(end: number): Promise<Stage> {
    if (end === 0) return { arrival: this.#rollout.start(), runs: [] };
    const key = `lead-in ${end}`;
    let stage = this.#stages.get(key);
    if (!stage) {
      const { arrival, run } = await this.#fit(this.#rollout.unevaluated(), end);
      // Nothing was evaluated, so the next run must not learn from it.
      stage = { arrival: { step: arrival.step, x: arrival.x }, runs: [run] };
    }
    this.#stages.set(key, stage);
    return stage;
  }

  async #advance(
    { arrival, runs }: Stage,
    end: number,
    reused: readonly number[],
    kept: readonly number[],
  ): Promise<Stage> {
    const from = await this.#rollout.evaluate(arrival, reused, kept);
    const found = await this.#fit(from, end);
    return { arrival: found.arrival, runs: [...runs, found.run] };
  }

  /** The run that leaves the least error where it ends. */
  async #fit(
    from: Evaluated,
    end: number,
  ): Promise<{ readonly arrival: Arrival; readonly run: () => AffineRun }> {
    const found = [];
    for (const strengths of STRENGTHS) {
      const fitted = await (await this.#rollout.runsFrom(from, strengths)).to(end);
      found.push({ ...fitted, deviation: this.#deviation(fitted.arrival) });
    }
    return found.reduce((a, b) => (b.deviation < a.deviation ? b : a));
  }

  #errorOf({ x }: Arrival): { error: number; heldOut: number } {
    const final = this.#trajectories.states[this.#steps]!;
    return { error: this.#error.of(x, final), heldOut: this.#error.of(x, final, true) };
  }

  #deviation({ x, step }: Arrival): number {
    return this.#error.of(x, this.#trajectories.states[step]!);
  }
}
