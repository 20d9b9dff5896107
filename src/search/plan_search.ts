import type { AffineRun } from '../caching/affine_run.js';
import { spreadEvenly } from '../caching/denoising_inputs.js';
import { selectTrajectories, type Trajectories } from '../caching/trajectories.js';
import type { BatchedNetwork } from '../inference/batched_network.js';
import { openNetworkPool } from '../inference/network_pool.js';
import { denoisingSteps } from '../policy/noise_schedule.js';
import type { PolicyPackage } from '../policy/policy_package.js';
import { ActionError } from './action_error.js';
import { AffineRollout, type Arrival, type FittedRun } from './affine_rollout.js';
import type { Folds } from './ridge_rows.js';
import { searchSplit } from './search_split.js';

/** Dense runs that candidates are tried on; the plan that is taken is fitted on all. */
const TRIED_RUNS = 800;

/** Prefixes of plans whose states are kept, so that plans which begin alike share their evaluations. */
const KEPT_PREFIXES = 48;

/** A plan that could be made. */
export interface Candidate {
  /** Steps at which the network is evaluated, ascending. */
  readonly evaluations: readonly number[];
  /** Per evaluation how strongly it looks ahead, see `Look`. */
  readonly lookAhead: readonly number[];
  /** How its weights fall for later noise, see `Look`. */
  readonly fall: number;
}

/** Errors of executed actions, root mean square, in physical units. */
export interface Errors {
  /** On samples that the fits at hand did not see. */
  readonly error: number;
  /** On the held-out episodes; NaN where there are none. */
  readonly heldOut: number;
}

/** A candidate that was carried out on all samples. */
export interface Outcome extends Candidate, Errors {
  readonly runs: () => AffineRun[];
}

interface SearchOptions {
  /** Of the joints in the error, A of them. */
  readonly weights: readonly number[];
  /** Processes that evaluate the network, one thread each. */
  readonly threads: number;
}

/** Carries plans out on the dense runs of a calibration, with corrections fitted as they go. */
export class PlanSearch {
  readonly #all: Rehearsal;
  /** On fewer runs, to try candidates. */
  readonly #some: Rehearsal;
  readonly #network: BatchedNetwork;

  private constructor(network: BatchedNetwork, all: Rehearsal, some: Rehearsal) {
    this.#network = network;
    this.#all = all;
    this.#some = some;
  }

  /** Prepares the network for all dense runs. */
  static async open(
    policy: PolicyPackage,
    trajectories: Trajectories,
    { weights, threads }: SearchOptions,
  ): Promise<PlanSearch> {
    const { samples, condition } = trajectories;
    const network = await openNetworkPool(policy, condition, { processes: threads });
    const every = Array.from({ length: samples }, (_, row) => row);
    const all = new Rehearsal(network, every, policy, trajectories, weights);
    if (samples <= TRIED_RUNS) return new PlanSearch(network, all, all);
    const rows = spreadEvenly(samples, TRIED_RUNS);
    const tried = selectTrajectories(trajectories, rows);
    return new PlanSearch(network, all, new Rehearsal(network, rows, policy, tried, weights));
  }

  /** Which samples are held out. */
  get folds(): Folds {
    return this.#all.folds;
  }

  /** What a candidate is likely to be worth, on a part of the dense runs. */
  async tryOut(candidate: Candidate): Promise<Errors> {
    const { error, heldOut } = await this.#some.carryOut(candidate);
    return { error, heldOut };
  }

  /** Carries a plan out on all dense runs. */
  async carryOut(candidate: Candidate): Promise<Outcome> {
    return this.#all.carryOut(candidate);
  }

  /** An affine policy that evaluates no network: what a correction can do by itself. */
  async control(): Promise<Outcome> {
    return this.#all.control();
  }

  async close(): Promise<void> {
    await this.#all.close();
    if (this.#some !== this.#all) await this.#some.close();
    await this.#network.close();
  }
}

interface Stage {
  readonly arrival: Arrival;
  readonly runs: readonly (() => AffineRun)[];
}

/** Plans on one set of dense runs. */
class Rehearsal {
  readonly folds: Folds;
  readonly #rollout: AffineRollout;
  readonly #trajectories: Trajectories;
  readonly #error: ActionError;
  readonly #steps: number;
  /** Where plans that begin alike are, those used last at the end. */
  readonly #stages = new Map<string, Stage>();

  /** @param rows of the network's samples that the dense runs are of */
  constructor(
    network: BatchedNetwork,
    rows: readonly number[],
    policy: PolicyPackage,
    trajectories: Trajectories,
    weights: readonly number[],
  ) {
    const { architecture, noise_scheduler: scheduler } = policy.manifest;
    this.folds = searchSplit(trajectories);
    this.#trajectories = trajectories;
    this.#error = new ActionError(policy.manifest, weights, this.folds);
    this.#steps = trajectories.clean.length;
    this.#rollout = new AffineRollout(
      { architecture, clipRange: scheduler.clip_range },
      denoisingSteps(scheduler),
      trajectories,
      this.folds,
      { network, rows },
      ({ x, step }) => this.#error.of(x, trajectories.states[step]!),
    );
  }

  async carryOut({ evaluations, lookAhead, fall }: Candidate): Promise<Outcome> {
    let stage: Stage = await this.#stage('', evaluations[0]!, async (end) =>
      end === 0
        ? { arrival: this.#rollout.start(), runs: [] }
        : extended([], await this.#rollout.advanceBlindly(end)),
    );
    for (const i of evaluations.keys()) {
      const prefix = JSON.stringify([evaluations.slice(0, i + 1), lookAhead.slice(0, i + 1), fall]);
      const { arrival, runs } = stage;
      stage = await this.#stage(prefix, evaluations[i + 1] ?? this.#steps, async (end) =>
        extended(
          runs,
          await this.#rollout.advance(arrival, end, { strength: lookAhead[i]!, fall }),
        ),
      );
    }
    const { arrival, runs } = stage;
    return {
      ...{ evaluations, lookAhead, fall },
      ...this.#errorOf(arrival),
      runs: () => runs.map((run) => run()),
    };
  }

  async control(): Promise<Outcome> {
    const { arrival, run } = await this.#rollout.advanceBlindly(this.#steps);
    return {
      evaluations: [],
      lookAhead: [],
      fall: 0,
      ...this.#errorOf(arrival),
      runs: () => [run()],
    };
  }

  async close(): Promise<void> {
    await this.#rollout.close();
  }

  async #stage(prefix: string, end: number, make: (end: number) => Promise<Stage>): Promise<Stage> {
    const key = `${prefix} ${end}`;
    const stage = this.#stages.get(key) ?? (await make(end));
    this.#stages.delete(key);
    this.#stages.set(key, stage);
    const [oldest] = this.#stages.keys();
    if (this.#stages.size > KEPT_PREFIXES) this.#stages.delete(oldest!);
    return stage;
  }

  #errorOf({ x }: Arrival): Errors {
    const final = this.#trajectories.states[this.#steps]!;
    return { error: this.#error.of(x, final), heldOut: this.#error.of(x, final, true) };
  }
}

function extended(runs: Stage['runs'], { arrival, run }: FittedRun): Stage {
  return { arrival, runs: [...runs, run] };
}
