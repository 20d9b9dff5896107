import { keysValuesGraph, networkGraph, type PartialPass } from '../compiler/batch_graphs.js';
import { sinusoidalEmbedding } from '../compiler/condition_tokens.js';
import { denoiserWeights } from '../compiler/denoiser_weights.js';
import { memoryGraph } from '../compiler/interpreter_graphs.js';
import { toFloat32 } from '../compiler/linalg.js';
import type { Architecture } from '../policy/manifest.js';
import type { PolicyPackage } from '../policy/policy_package.js';
import { Session } from './session.js';

/** Samples that go through the network together: 320 rows of a product; more gain nothing. */
const BATCH = 32;

/** Branch outputs by block in canonical order, (n, T, E) each. */
export type Branches = ReadonlyMap<number, Float32Array>;

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
  /**
   * The same where some branches come from an earlier pass, or are kept for a later one.
   * @param pass `stored`: branches by block, (n, T, E) each
   */
  evaluatePartly(
    samples: readonly number[],
    timestep: number,
    x: Float32Array,
    pass: { readonly stored: Branches; readonly kept: readonly number[] },
  ): Promise<{ readonly output: Float32Array; readonly branches: Branches }>;
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
  const session = { threads: options.threads ?? 1 };
  const timeApart = weights.conditionEncoder.kind === 'perceptron';
  const load = async (bytes: Uint8Array): Promise<Session> => Session.load(bytes, session);
  const network = new BatchNetwork(a, batch, condition, timeApart, {
    memory: await load(memoryGraph(weights, a, batch).bytes),
    keysValues: await load(keysValuesGraph(weights, a, batch).bytes),
    network: (pass) => load(networkGraph(weights, a, batch, timeApart, pass).bytes),
  });
  return network;
}

interface Sessions {
  readonly memory: Session;
  readonly keysValues: Session;
  /** Loads the network for a kind of pass. */
  readonly network: (pass: PartialPass) => Promise<Session>;
}

/** Kinds of partial passes whose graphs stay loaded: each holds all weights. */
const MOST_PASSES = 6;

class BatchNetwork implements BatchedNetwork {
  readonly #a: Architecture;
  readonly batch: number;
  readonly #condition: Float32Array;
  readonly #timeApart: boolean;
  readonly #sessions: Sessions;
  /** By kind of pass, those used last at the end. */
  readonly #networks = new Map<string, Promise<Session>>();
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
    const pass = { stored: new Map(), kept: [] };
    return (await this.evaluatePartly(samples, timestep, x, pass)).output;
  }

  async evaluatePartly(
    samples: readonly number[],
    timestep: number,
    x: Float32Array,
    { stored, kept }: { readonly stored: Branches; readonly kept: readonly number[] },
  ): Promise<{ output: Float32Array; branches: Branches }> {
    const { horizon, action_dim: actions, embedding } = this.#a;
    const network = await this.#network({ stored: [...stored.keys()], kept });
    const [size, wide] = [horizon * actions, horizon * embedding];
    const output = new Float32Array(samples.length * size);
    const branches = new Map(
      kept.map((block) => [block, new Float32Array(samples.length * wide)] as const),
    );
    for (let first = 0; first < samples.length; first += this.batch) {
      const part = samples.slice(first, first + this.batch);
      const piece = (values: Float32Array, width: number): Float32Array => {
        const padded = new Float32Array(this.batch * width);
        padded.set(values.subarray(first * width, (first + part.length) * width));
        return padded;
      };
      const inputs = Object.fromEntries(
        [...stored].map(([block, branch]) => [
          `stored.${block}`,
          { data: piece(branch, wide), shape: [this.batch * horizon, embedding] },
        ]),
      );
      const outputs = await network.run({
        ...inputs,
        ...(await this.#memory(part, timestep)),
        sample: { data: piece(x, size), shape: [this.batch, horizon, actions] },
      });
      const take = (name: string, width: number, into: Float32Array): void => {
        const values = outputs[name]!.data as Float32Array;
        into.set(values.subarray(0, part.length * width), first * width);
      };
      take('output', size, output);
      for (const [block, branch] of branches) take(`branch.${block}`, wide, branch);
    }
    return { output, branches };
  }

  async close(): Promise<void> {
    const { memory, keysValues } = this.#sessions;
    const networks = await Promise.all(this.#networks.values());
    for (const session of [memory, keysValues, ...networks]) await session.close();
  }

  async #network(pass: PartialPass): Promise<Session> {
    const key = JSON.stringify(pass);
    const known = this.#networks.get(key);
    this.#networks.delete(key);
    const session = known ?? this.#sessions.network(pass);
    this.#networks.set(key, session);
    const [oldest, ...rest] = this.#networks.keys();
    if (oldest !== undefined && rest.length >= MOST_PASSES) {
      const old = this.#networks.get(oldest);
      this.#networks.delete(oldest);
      await (await old)?.close();
    }
    return session;
  }

  async #memory(
    samples: readonly number[],
    timestep: number,
  ): Promise<Record<string, { data: Float32Array; shape: number[] }>> {
    const { n_obs_steps: window, embedding, layers } = this.#a;
    const width = 2 * layers * embedding;
    if (!this.#timeApart) {
      const data = await this.#keysValues(samples, timestep);
      return { keys_values: { data, shape: [this.batch, 1 + window, width] } };
    }
    return {
      keys_values: {
        data: await this.#observedOf(samples),
        shape: [this.batch, window, width],
      },
      time: { data: await this.#time(timestep), shape: [1, 1, width] },
    };
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
