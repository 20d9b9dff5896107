import { keysValuesGraph, networkGraph } from '../compiler/batch_graphs.js';
import { sinusoidalEmbedding } from '../compiler/condition_tokens.js';
import { denoiserWeights } from '../compiler/denoiser_weights.js';
import { memoryGraph } from '../compiler/interpreter_graphs.js';
import { toFloat32 } from '../compiler/linalg.js';
import type { Architecture } from '../policy/manifest.js';
import type { PolicyPackage } from '../policy/policy_package.js';
import { Session } from './session.js';

/** Samples that go through the network together: 320 rows of a product; more gain nothing. */
const BATCH = 32;

/** The full network, batched: what is needed to evaluate it at many states of many samples. */
export interface BatchedNetwork {
  /** Samples that go through it together. */
  readonly batch: number;
  /**
   * The network's output (n, T, A) at a state.
   * @param samples indices of the conditions that the network was opened with, n of them
   * @param timestep that the network is told
   * @param x (n, T, A)
   */
  evaluate(samples: readonly number[], timestep: number, x: Float32Array): Promise<Float32Array>;
  close(): Promise<void>;
}

/**
 * Loads the network as one graph and prepares the conditions of all samples: the keys and values of their
 * tokens are computed once.
 * @param condition (N, To, Dc)
 */
export async function openBatchedNetwork(
  policy: PolicyPackage,
  condition: Float32Array,
  options: { readonly threads?: number; readonly batch?: number } = {},
): Promise<BatchedNetwork> {
  const a = policy.manifest.architecture;
  const weights = denoiserWeights(policy.denoiser, a);
  const batch = options.batch ?? BATCH;
  const session = { threads: options.threads ?? 1, spinning: false };
  const timeApart = weights.conditionEncoder.kind === 'perceptron';
  const load = async (bytes: Uint8Array): Promise<Session> => Session.load(bytes, session);
  const network = new BatchNetwork(a, batch, condition, timeApart, {
    memory: await load(memoryGraph(weights, a, batch).bytes),
    keysValues: await load(keysValuesGraph(weights, a, batch).bytes),
    network: await load(networkGraph(weights, a, batch, timeApart).bytes),
  });
  return network;
}

interface Sessions {
  readonly memory: Session;
  readonly keysValues: Session;
  readonly network: Session;
}

class BatchNetwork implements BatchedNetwork {
  readonly #a: Architecture;
  readonly batch: number;
  readonly #condition: Float32Array;
  readonly #timeApart: boolean;
  readonly #sessions: Sessions;
  /** Per sample the keys and values of its observations, (To, 2 L E), where the time is apart. */
  readonly #observed = new Map<number, Float32Array>();
  /** Per timestep those of the time token, (2 L E). */
  readonly #times = new Map<number, Float32Array>();

  constructor(
    a: Architecture,
    batch: number,
    condition: Float32Array,
    timeApart: boolean,
    sessions: Sessions,
  ) {
    this.#a = a;
    this.batch = batch;
    this.#condition = condition;
    this.#timeApart = timeApart;
    this.#sessions = sessions;
  }

  async evaluate(
    samples: readonly number[],
    timestep: number,
    x: Float32Array,
  ): Promise<Float32Array> {
    const size = this.#a.horizon * this.#a.action_dim;
    const output = new Float32Array(samples.length * size);
    for (let first = 0; first < samples.length; first += this.batch) {
      const part = samples.slice(first, first + this.batch);
      const states = x.subarray(first * size, (first + part.length) * size);
      const result = await this.#evaluateBatch(part, timestep, states);
      output.set(result.subarray(0, part.length * size), first * size);
    }
    return output;
  }

  async close(): Promise<void> {
    const { memory, keysValues, network } = this.#sessions;
    for (const session of [memory, keysValues, network]) await session.close();
  }

  async #evaluateBatch(
    samples: readonly number[],
    timestep: number,
    states: Float32Array,
  ): Promise<Float32Array> {
    const { horizon, action_dim: actions, n_obs_steps: window, embedding, layers } = this.#a;
    const sample = new Float32Array(this.batch * horizon * actions);
    sample.set(states);
    const width = 2 * layers * embedding;
    const tokens = this.#timeApart ? window : 1 + window;
    const keysValues = this.#timeApart
      ? await this.#observedOf(samples)
      : await this.#keysValues(samples, timestep);
    const outputs = await this.#sessions.network.run({
      sample: { data: sample, shape: [this.batch, horizon, actions] },
      keys_values: { data: keysValues, shape: [this.batch, tokens, width] },
      ...(this.#timeApart && {
        time: { data: await this.#time(timestep), shape: [1, 1, width] },
      }),
    });
    return outputs['output']!.data as Float32Array;
  }

  /** (B, To, 2 L E): from memory, or computed where a sample is met for the first time. */
  async #observedOf(samples: readonly number[]): Promise<Float32Array> {
    const size = this.#a.n_obs_steps * 2 * this.#a.layers * this.#a.embedding;
    if (samples.some((sample) => !this.#observed.has(sample))) {
      const all = await this.#keysValues(samples, 0);
      const each = size + size / this.#a.n_obs_steps;
      // The time token comes first, and is left out.
      for (const [i, sample] of samples.entries()) {
        this.#observed.set(sample, all.slice((i + 1) * each - size, (i + 1) * each));
      }
    }
    const observed = new Float32Array(this.batch * size);
    for (const [i, sample] of samples.entries())
      observed.set(this.#observed.get(sample)!, i * size);
    return observed;
  }

  async #time(timestep: number): Promise<Float32Array> {
    const known = this.#times.get(timestep);
    if (known) return known;
    const all = await this.#keysValues([], timestep);
    const time = all.slice(0, 2 * this.#a.layers * this.#a.embedding);
    this.#times.set(timestep, time);
    return time;
  }

  /** (B, 1 + To, 2 L E) */
  async #keysValues(samples: readonly number[], timestep: number): Promise<Float32Array> {
    const { n_obs_steps: window, condition_dim: width, embedding } = this.#a;
    const size = window * width;
    const condition = new Float32Array(this.batch * size);
    for (const [i, sample] of samples.entries()) {
      condition.set(this.#condition.subarray(sample * size, (sample + 1) * size), i * size);
    }
    const { memory } = await this.#sessions.memory.run({
      condition: { data: condition, shape: [this.batch, window, width] },
      time: { data: toFloat32(sinusoidalEmbedding(embedding, timestep)), shape: [1, embedding] },
    });
    const outputs = await this.#sessions.keysValues.run({ memory: memory! });
    return outputs['keys_values']!.data as Float32Array;
  }
}
