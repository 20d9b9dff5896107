import type { AffineRun } from '../caching/affine_run.js';
import type { Trajectories } from '../caching/trajectories.js';
import type { BatchedNetwork, Branches } from '../inference/batched_network.js';
import { MatrixProducts } from '../inference/matrix_products.js';
import type { Architecture } from '../policy/manifest.js';
import type { DenoisingStep } from '../policy/noise_schedule.js';
import { type Columns, type Folds, NestedRidge, type RidgeFit } from './nested_ridge.js';
import { NoiseResponse } from './noise_response.js';
import { cleanOf } from './record_trajectories.js';

/** Ridge of the regressions that say how noise spreads. */
const RESPONSE_RIDGE = 1e-4;

/** How strongly the parts of a correction are held back. */
export interface Strengths {
  /** Ridge, relative to the number of rows. */
  readonly ridge: number;
  /** Factors of the standardised condition, and of the evaluation before: 0 leaves it out. */
  readonly condition: number;
  readonly previous: number;
}

/** Where a plan is after some of its evaluations: at `step`, with the states of all samples. */
export interface Arrival {
  readonly step: number;
  /** (N, TA): of every sample as predicted by fits that it had no part in. */
  readonly x: Float32Array;
  /** Branch outputs that were kept of the evaluation before. */
  readonly branches?: Branches;
  /** State and clean sample at the evaluation before, absent at step 0. */
  readonly before?: { readonly x: Float32Array; readonly clean: Float32Array };
}

/** An arrival whose network was evaluated. */
export interface Evaluated extends Arrival {
  /** (N, TA), clipped; zeros where the network was not evaluated after all. */
  readonly clean: Float32Array;
  readonly isEvaluated?: false;
}

/**
 * Affine runs fitted in the loop: from the states that a plan really arrives at, each run is fitted to lead back
 * to the dense trajectory.
 */
export class AffineRollout {
  readonly #a: Architecture;
  readonly #steps: readonly DenoisingStep[];
  readonly #clipRange: number | null;
  readonly #trajectories: Trajectories;
  readonly #folds: Folds;
  readonly #network: BatchedNetwork;
  readonly #products = new MatrixProducts();
  readonly #responses = new Map<number, NoiseResponse>();
  readonly #rows: readonly number[];
  /** Network evaluations of one sample so far. */
  evaluations = 0;

  constructor(
    policy: { readonly architecture: Architecture; readonly clipRange: number | null },
    steps: readonly DenoisingStep[],
    trajectories: Trajectories,
    folds: Folds,
    network: BatchedNetwork,
  ) {
    this.#a = policy.architecture;
    this.#clipRange = policy.clipRange;
    this.#steps = steps;
    this.#trajectories = trajectories;
    this.#folds = folds;
    this.#network = network;
    this.#rows = Array.from({ length: trajectories.samples }, (_, i) => i);
  }

  /** Where every plan begins. */
  start(): Arrival {
    return { step: 0, x: this.#trajectories.states[0]! };
  }

  /**
   * Evaluates the network where a plan arrived.
   * @param reused blocks that are not computed, but taken from the evaluation before, which kept them
   * @param kept blocks whose outputs the next evaluation may want
   */
  async evaluate(
    arrival: Arrival,
    reused: readonly number[] = [],
    kept: readonly number[] = [],
  ): Promise<Evaluated> {
    const step = this.#steps[arrival.step]!;
    const stored = new Map(reused.map((block) => [block, arrival.branches!.get(block)!]));
    const { output, branches } = await this.#network.evaluatePartly(
      this.#rows,
      step.timestep,
      arrival.x,
      { stored, kept },
    );
    this.evaluations += this.#rows.length;
    const clean = cleanOf(step, this.#clipRange, arrival.x, output);
    return { ...arrival, clean, branches };
  }

  /** The beginning without any evaluation: what an affine policy without a network knows. */
  unevaluated(): Evaluated {
    const start = this.start();
    return { ...start, clean: new Float32Array(start.x.length), isEvaluated: false };
  }

  /** Runs that all begin at one evaluation. */
  async runsFrom(from: Evaluated, strengths: Strengths): Promise<RunsFrom> {
    const ridge = this.#ridge(from, strengths);
    const response = await this.#response(from.step);
    return new RunsFrom(from, ridge, response, this.#steps, this.#trajectories, this.#a);
  }

  /** Frees the memory of the products. */
  async close(): Promise<void> {
    await this.#products.close();
  }

  #ridge(from: Evaluated, strengths: Strengths): NestedRidge {
    const { features, columns } = this.#features(from, strengths);
    return new NestedRidge(features, columns, this.#folds, strengths.ridge, this.#products);
  }

  async #response(step: number): Promise<NoiseResponse> {
    const known = this.#responses.get(step);
    if (known) return known;
    const { states, clean } = this.#trajectories;
    const dense = { step, x: states[step]!, clean: clean[step]! };
    const { action_dim: actions } = this.#a;
    const perToken = this.#prefixes(0, actions);
    const response = await NoiseResponse.fit(
      step,
      this.#trajectories,
      this.#steps,
      this.#ridge(dense, { ridge: RESPONSE_RIDGE, condition: 1, previous: 0 }),
      perToken.flatMap((prefix) => Array<number>(actions).fill(prefix)),
      RESPONSE_RIDGE,
      this.#products,
    );
    this.#responses.set(step, response);
    return response;
  }

  /** Columns an output token may depend on: with causal attention no later token. */
  #prefixes(shared: number, perToken: number): number[] {
    const { horizon, causal } = this.#a;
    return Array.from(
      { length: horizon },
      (_, token) => shared + perToken * (causal ? token + 1 : horizon),
    );
  }

  /** Condition first, then token by token the state, the clean sample and those before. */
  #features(from: Evaluated, strengths: Strengths): { features: Float32Array; columns: Columns } {
    const { horizon, action_dim: actions, n_obs_steps: window, condition_dim: width } = this.#a;
    const shared = window * width;
    const { before } = from;
    const parts = [from.x, from.clean];
    if (before && strengths.previous > 0) parts.push(before.x, before.clean);
    const perToken = parts.length * actions;
    const total = shared + horizon * perToken;
    const { samples, condition } = this.#trajectories;
    const features = new Float32Array(samples * total);
    for (let row = 0; row < samples; row++) {
      features.set(condition.subarray(row * shared, (row + 1) * shared), row * total);
      for (let token = 0; token < horizon; token++) {
        for (const [i, part] of parts.entries()) {
          const at = (row * horizon + token) * actions;
          features.set(
            part.subarray(at, at + actions),
            row * total + shared + token * perToken + i * actions,
          );
        }
      }
    }
    const scales = new Float64Array(total).fill(1);
    scales.fill(strengths.condition, 0, shared);
    for (let i = shared; i < total; i++) {
      if ((i - shared) % perToken >= 2 * actions) scales[i] = strengths.previous;
    }
    return {
      features,
      columns: { width: total, prefixes: this.#prefixes(shared, perToken), scales },
    };
  }
}

/** Fits of runs from one evaluation to any later step. */
export class RunsFrom {
  readonly from: Evaluated;
  readonly #ridge: NestedRidge;
  readonly #response: NoiseResponse;
  readonly #steps: readonly DenoisingStep[];
  readonly #trajectories: Trajectories;
  readonly #a: Architecture;

  constructor(
    from: Evaluated,
    ridge: NestedRidge,
    response: NoiseResponse,
    steps: readonly DenoisingStep[],
    trajectories: Trajectories,
    a: Architecture,
  ) {
    this.from = from;
    this.#ridge = ridge;
    this.#response = response;
    this.#steps = steps;
    this.#trajectories = trajectories;
    this.#a = a;
  }

  /** Fits the run up to `end`. @returns the arrival there and, in `run()`, the run's matrices */
  async to(end: number): Promise<{ readonly arrival: Arrival; readonly run: () => AffineRun }> {
    const { from } = this;
    const { keep, add } = this.#prior(end);
    const noise = this.#response.at(end);
    const target = Float32Array.from(
      this.#trajectories.states[end]!,
      (value, i) => value - noise[i]! - keep * from.x[i]! - add * from.clean[i]!,
    );
    const fit = await this.#ridge.fit(target);
    const x = Float32Array.from(
      fit.predicted,
      (value, i) => value + noise[i]! + keep * from.x[i]! + add * from.clean[i]!,
    );
    return {
      arrival: {
        step: end,
        x,
        before: { x: from.x, clean: from.clean },
        ...(from.branches && { branches: from.branches }),
      },
      run: () => this.#run(end, fit, keep, add),
    };
  }

  /**
   * What the run does to the state when the clean sample stays what it is at the evaluation: the fit is of what
   * is left, so that a strong ridge means this, and a run of one step needs no fit.
   */
  #prior(end: number): { keep: number; add: number } {
    let [keep, add] = [1, 0];
    for (let k = this.from.step; k < end; k++) {
      const { c0, c1, c2 } = this.#steps[k]!;
      [keep, add] = [c1 * keep, c1 * add + c0 + c2];
    }
    return { keep, add };
  }

  #run(end: number, fit: RidgeFit, keep: number, add: number): AffineRun {
    const { weights, offset } = fit.map();
    const { horizon, action_dim: actions, n_obs_steps: window, condition_dim: width } = this.#a;
    const size = horizon * actions;
    const shared = window * width;
    const perToken = (weights.length / size - shared) / horizon;
    const part = (which: number, diagonal: number): Float32Array => {
      const matrix = new Float32Array(size * size);
      for (let i = 0; i < size; i++) {
        const [token, action] = [Math.floor(i / actions), i % actions];
        const row = shared + token * perToken + which * actions + action;
        for (let j = 0; j < size; j++) matrix[i * size + j] = weights[row * size + j]!;
        matrix[i * size + i]! += diagonal;
      }
      return matrix;
    };
    return {
      begin: this.from.step,
      end,
      state: part(0, keep),
      clean: this.from.isEvaluated === false ? new Float32Array(size * size) : part(1, add),
      condition: Float32Array.from(weights.subarray(0, shared * size)),
      offset: Float32Array.from(offset),
      noise: this.#response.matrices(end),
      ...(perToken > 2 * actions && { previousState: part(2, 0), previousClean: part(3, 0) }),
    };
  }
}
