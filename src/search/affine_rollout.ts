import type { AffineRun, PreviousEvaluation } from '../caching/affine_run.js';
import {
  askedAt,
  type Look,
  type LookAhead,
  lookAheadWeights,
  noiseWeights,
} from '../caching/look_ahead.js';
import { product } from '../caching/linear_algebra.js';
import type { Trajectories } from '../caching/trajectories.js';
import type { BatchedNetwork } from '../inference/batched_network.js';
import { MatrixProducts } from '../inference/matrix_products.js';
import type { Architecture } from '../policy/manifest.js';
import type { DenoisingStep } from '../policy/noise_schedule.js';
import { NestedRidge, type RidgeFit } from './nested_ridge.js';
import { addedNoise, NoiseResponse } from './noise_response.js';
import { cleanOf } from './record_trajectories.js';
import { type Folds, ridgeRows } from './ridge_rows.js';
import { type Candidate, type Features, robustFit } from './robust_fit.js';

/** Ridge of the regressions that say how noise spreads. */
const RESPONSE_RIDGE = 1e-4;

/** Late noise weighs more, by this power of the noise's standard deviation: what is fitted on it corrects the response. */
const LATE = -1;

/** Noise responses that are kept: each holds the noise of all samples at all steps. */
const KEPT_RESPONSES = 12;

/** Where a plan is after some of its evaluations: at `step`, with the states of all samples. */
export interface Arrival {
  readonly step: number;
  /** (N, TA): of every sample as predicted by fits that it had no part in. */
  readonly x: Float32Array;
  /** What the evaluation before said, if there was one. */
  readonly previous?: Known;
}

/** A run that was fitted. */
export interface FittedRun {
  readonly arrival: Arrival;
  /** Makes the run's matrices. */
  readonly run: () => AffineRun;
}

/** What is known where a run begins, each (N, TA). */
interface Known {
  readonly step: number;
  readonly x: Float32Array;
  /** Clipped; absent where the network is not evaluated. */
  readonly clean?: Float32Array;
  /** Sum of weighted noises that the evaluation looked ahead by, and how. */
  readonly ahead?: Float32Array;
  readonly looked?: Pick<LookAhead, 'weights' | 'level' | 'scale'>;
}

/** Sums of the noise of a run's steps, each (N, TA). */
interface RunNoise {
  /** As it arrives at the end by its response. */
  readonly arriving: Float32Array;
  /** Of late steps above all, and the weight of each step. */
  readonly late: Float32Array;
  readonly weights: Float32Array;
}

/** What a run is fitted on: the condition, then token by token some parts, each (N, TA). */
interface RunFeatures extends Features {
  readonly parts: readonly Float32Array[];
  /** Of which two are among the parts. */
  readonly sums?: RunNoise;
}

/** What a run is made of: all that is kept of its fit. */
interface Learnt extends Pick<RunFeatures, 'parts' | 'condition' | 'sums'> {
  readonly map: RidgeFit['map'];
  /** Of the state and the clean sample before anything is fitted. */
  readonly keep: number;
  readonly add: number;
  /** S_k of the response. */
  readonly response: () => Float32Array;
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
  readonly #deviation: (arrival: Arrival) => number;
  readonly #products = new MatrixProducts();
  /** By the step where they begin, those used last at the end. */
  readonly #responses = new Map<number, NoiseResponse>();
  readonly #rows: readonly number[];

  /**
   * @param evaluated the network, and which of its samples the trajectories are of
   * @param deviation how far an arrival is from the dense trajectory, on samples that the fits did not see
   */
  constructor(
    policy: { readonly architecture: Architecture; readonly clipRange: number | null },
    steps: readonly DenoisingStep[],
    trajectories: Trajectories,
    folds: Folds,
    evaluated: { readonly network: BatchedNetwork; readonly rows: readonly number[] },
    deviation: (arrival: Arrival) => number,
  ) {
    this.#a = policy.architecture;
    this.#clipRange = policy.clipRange;
    this.#steps = steps;
    this.#trajectories = trajectories;
    this.#folds = folds;
    this.#network = evaluated.network;
    this.#rows = evaluated.rows;
    this.#deviation = deviation;
  }

  /** Where every plan begins. */
  start(): Arrival {
    return { step: 0, x: this.#trajectories.states[0]! };
  }

  /**
   * Evaluates the network where a plan arrived and fits the run from there.
   * @param look see {@link lookAheadWeights}
   */
  async advance({ step, x, previous }: Arrival, end: number, look: Look): Promise<FittedRun> {
    const weights = lookAheadWeights(this.#steps, step, end, look);
    // A single step is known exactly without looking ahead.
    if (end - step === 1 || weights.every((weight) => weight === 0)) {
      return this.#fit({ step, x, clean: await this.#evaluate(step, x) }, end, previous);
    }
    const ahead = this.#weightedNoise(step, weights);
    const { level, scale } = askedAt(this.#steps, step, weights);
    const asked = x.map((value, i) => scale * (value + ahead[i]!));
    const clean = await this.#evaluate(level, asked);
    const looked = { weights, level, scale };
    return this.#fit({ step, x, clean, ahead, looked }, end, previous);
  }

  /** From the beginning without any evaluation: what an affine policy without a network knows. */
  async advanceBlindly(end: number): Promise<FittedRun> {
    return this.#fit({ step: 0, x: this.#trajectories.states[0]! }, end);
  }

  /** Frees the memory of the products. */
  async close(): Promise<void> {
    await this.#products.close();
  }

  async #evaluate(step: number, x: Float32Array): Promise<Float32Array> {
    const at = this.#steps[step]!;
    const output = await this.#network.evaluate(this.#rows, at.timestep, x);
    return cleanOf(at, this.#clipRange, x, output);
  }

  #weightedNoise(begin: number, weights: Float32Array): Float32Array {
    const sum = new Float32Array(this.#trajectories.states[0]!.length);
    for (const [i, weight] of weights.entries()) {
      if (weight === 0) continue;
      const { sigma } = this.#steps[begin + i]!;
      const added = addedNoise(this.#trajectories, this.#steps, begin + i);
      for (let j = 0; j < sum.length; j++) sum[j]! += (weight / sigma) * added[j]!;
    }
    return sum;
  }

  /** The run, with the features and strengths that leave the least error where it ends. */
  async #fit(known: Known, end: number, previous?: Known): Promise<FittedRun> {
    const response = await this.#response(known.step);
    const noise = response.at(end);
    const { keep, add } = this.#prior(known.step, end);
    const base = known.x.map(
      (value, i) => keep * value + add * (known.clean?.[i] ?? 0) + noise[i]!,
    );
    const target = this.#trajectories.states[end]!.map((value, i) => value - base[i]!);
    const arrivalOf = (predicted: Float32Array): Float32Array =>
      base.map((value, i) => value + predicted[i]!);
    const candidates = [this.#candidate(known)];
    if (previous) {
      const sums = (): RunNoise => this.#noiseSums(known.step, end, noise);
      candidates.unshift(this.#candidate(known, previous, sums), this.#candidate(known, previous));
    }
    const fit = await robustFit(candidates, target, this.#folds, this.#products, (predicted) =>
      this.#deviation({ step: end, x: arrivalOf(predicted) }),
    );
    const x = arrivalOf(fit.predicted);
    const { map } = fit;
    const { parts, condition, sums } = fit.features;
    const learnt = {
      ...{ map, parts, condition, keep, add, response: response.matrices(end) },
      ...(sums && { sums }),
    };
    return {
      arrival: { step: end, x, ...(known.clean && { previous: known }) },
      run: () => this.#run(known, previous, end, learnt),
    };
  }

  async #response(step: number): Promise<NoiseResponse> {
    let response = this.#responses.get(step);
    this.#responses.delete(step);
    if (!response) {
      const { states, clean } = this.#trajectories;
      const features = this.#features({ step, x: states[step]!, clean: clean[step]! });
      const { action_dim: actions } = this.#a;
      const perToken = this.#prefixes(0, actions);
      response = await NoiseResponse.fit(
        step,
        this.#trajectories,
        this.#steps,
        await NestedRidge.of(
          await ridgeRows(features.values, this.#folds, this.#products),
          { prefixes: features.prefixes, strength: RESPONSE_RIDGE },
          this.#products,
        ),
        perToken.flatMap((prefix) => Array<number>(actions).fill(prefix)),
        RESPONSE_RIDGE,
        this.#products,
      );
    }
    this.#responses.set(step, response);
    const [oldest] = this.#responses.keys();
    if (this.#responses.size > KEPT_RESPONSES) this.#responses.delete(oldest!);
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

  /** @param arriving the run's noise by its response */
  #noiseSums(begin: number, end: number, arriving: Float32Array): RunNoise {
    const weights = noiseWeights(this.#steps, begin, end, LATE);
    return { arriving, weights, late: this.#weightedNoise(begin, weights) };
  }

  /** @param sums makes them: they are work, and often there are too few rows for them */
  #candidate(known: Known, previous?: Known, sums?: () => RunNoise): Candidate<RunFeatures> {
    const { horizon, action_dim: actions, n_obs_steps: window, condition_dim: width } = this.#a;
    const parts = partsOf(known).length + (previous ? partsOf(previous).length : 0);
    return {
      width: window * width + horizon * actions * (parts + (sums ? 2 : 0)),
      make: () => this.#features(known, previous, sums?.()),
    };
  }

  /**
   * Condition first, then token by token the state, the clean sample and the noise ahead, now and before, and sums
   * of the noise.
   */
  #features(known: Known, previous?: Known, sums?: RunNoise): RunFeatures {
    const { horizon, action_dim: actions, n_obs_steps: window, condition_dim: width } = this.#a;
    const shared = window * width;
    const parts = [
      ...partsOf(known),
      ...(previous ? partsOf(previous) : []),
      ...(sums ? [sums.arriving, sums.late] : []),
    ];
    const perToken = parts.length * actions;
    const total = shared + horizon * perToken;
    const { samples, condition } = this.#trajectories;
    const values = new Float32Array(samples * total);
    for (let row = 0; row < samples; row++) {
      values.set(condition.subarray(row * shared, (row + 1) * shared), row * total);
      for (let token = 0; token < horizon; token++) {
        for (const [i, part] of parts.entries()) {
          const at = (row * horizon + token) * actions;
          values.set(
            part.subarray(at, at + actions),
            row * total + shared + token * perToken + i * actions,
          );
        }
      }
    }
    const prefixes = this.#prefixes(shared, perToken);
    return { values, condition: shared, prefixes, parts, ...(sums && { sums }) };
  }

  /**
   * What a run does to the state when the clean sample stays what it is at the evaluation: the fit is of what is
   * left, so that a strong ridge means this, and a run of one step needs no fit.
   */
  #prior(begin: number, end: number): { keep: number; add: number } {
    let [keep, add] = [1, 0];
    for (let k = begin; k < end; k++) {
      const { c0, c1, c2 } = this.#steps[k]!;
      [keep, add] = [c1 * keep, c1 * add + c0 + c2];
    }
    return { keep, add };
  }

  #run(
    known: Known,
    previous: Known | undefined,
    end: number,
    { map, parts, condition: shared, keep, add, response, sums }: Learnt,
  ): AffineRun {
    const { weights, offset } = map();
    const { horizon, action_dim: actions } = this.#a;
    const size = horizon * actions;
    const perToken = parts.length * actions;
    const part = (values: Float32Array | undefined, diagonal = 0): Float32Array => {
      const matrix = new Float32Array(size * size);
      const which = parts.indexOf(values!);
      if (which < 0) return matrix;
      for (let i = 0; i < size; i++) {
        const [token, action] = [Math.floor(i / actions), i % actions];
        const row = shared + token * perToken + which * actions + action;
        for (let j = 0; j < size; j++) matrix[i * size + j] = weights[row * size + j]!;
        matrix[i * size + i]! += diagonal;
      }
      return matrix;
    };
    /** The noise ahead is what x~ / scale has more than x. */
    const asked = ({ ahead, looked }: Known, state: Float32Array): Float32Array => {
      const matrix = part(ahead);
      for (const [i, value] of matrix.entries()) state[i]! -= value;
      return matrix.map((value) => value / looked!.scale);
    };
    const { step: begin, x, clean, looked } = known;
    const state = part(x, keep);
    const before = (told: Known): PreviousEvaluation => {
      const beforeState = part(told.x);
      const beforeClean = part(told.clean);
      const matrices = { state: beforeState, clean: beforeClean };
      return told.looked ? { ...matrices, asked: asked(told, beforeState) } : matrices;
    };
    return {
      begin,
      end,
      state,
      clean: part(clean, add),
      condition: Float32Array.from(weights.subarray(0, shared * size)),
      offset: Float32Array.from(offset),
      noise: sums
        ? withSums(response(), part(sums.arriving), part(sums.late), sums.weights)
        : response(),
      ...(looked && { lookAhead: { ...looked, asked: asked(known, state) } }),
      ...(previous && parts.includes(previous.x) && { previous: before(previous) }),
    };
  }
}

function partsOf({ x, clean, ahead }: Known): Float32Array[] {
  return [x, ...(clean ? [clean] : []), ...(ahead ? [ahead] : [])];
}

/**
 * Responses to noise with what was fitted on its sums: S_k (1 + M) + w_k L.
 * @param response S_k of the last steps of a run, (n, TA, TA); earlier ones are zero
 * @param arriving M @param late L, each (TA, TA)
 * @param weights w_k of all steps of the run
 */
function withSums(
  response: Float32Array,
  arriving: Float32Array,
  late: Float32Array,
  weights: Float32Array,
): Float32Array {
  const size = Math.sqrt(late.length);
  const faded = weights.length - response.length / late.length;
  const whole = new Float32Array(weights.length * late.length);
  for (const [i, weight] of weights.entries()) {
    const matrix = whole.subarray(i * late.length, (i + 1) * late.length);
    for (const [j, value] of late.entries()) matrix[j] = weight * value;
    if (i < faded) continue;
    const own = response.subarray((i - faded) * late.length, (i - faded + 1) * late.length);
    const changed = product(own, arriving, size, size, size);
    for (const [j, value] of own.entries()) matrix[j]! += value + changed[j]!;
  }
  return whole;
}
