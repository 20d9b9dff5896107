import { blocksOf } from '../caching/blocks.js';
import { sinusoidalEmbedding } from '../compiler/condition_tokens.js';
import { denoiserWeights } from '../compiler/denoiser_weights.js';
import {
  blockGraph,
  embeddingGraph,
  headGraph,
  memoryGraph,
} from '../compiler/interpreter_graphs.js';
import type { OnnxGraph } from '../compiler/graph.js';
import { toFloat32 } from '../compiler/linalg.js';
import type { PolicyManifest } from '../policy/manifest.js';
import { type DenoisingStep, denoisingSteps } from '../policy/noise_schedule.js';
import type { PolicyPackage } from '../policy/policy_package.js';
import { Session, type SessionOptions } from './session.js';

/** Samples that go through the network together; more gain little on two cores. */
const DEFAULT_BATCH = 16;

/** What a batch of denoising runs needs. */
export interface InterpreterInput {
  /** N */
  readonly samples: number;
  /** (N, To, Dc): encoded and normalised observations. */
  readonly condition: Float32Array;
  /** (N, T, A) */
  readonly initialNoise: Float32Array;
  /** (K, N, T, A); entry t is added at timestep t. */
  readonly stepNoise: Float32Array;
  /** Per block in canonical order, the steps that compute it; absent = every block at every step. */
  readonly updates?: readonly (readonly number[])[];
  /** Hears every branch that is computed: (n, T, E) of the n samples from `firstSample` on. */
  readonly onBranch?: (
    step: number,
    block: number,
    branch: Float32Array,
    firstSample: number,
  ) => void;
  /** Hears the end of every step: the sample (n, T, A) after it. */
  readonly onStep?: (step: number, sample: Float32Array, firstSample: number) => void;
}

/**
 * Runs the network block by block, one session each, batched over samples: slow per chunk, but any
 * caching strategy can be tried, and features recorded.
 */
export interface Interpreter {
  /** Samples that are run together; `onBranch` hears at most so many at once. */
  readonly batch: number;
  run(input: InterpreterInput): Promise<{ sample: Float32Array }>;
  close(): Promise<void>;
}

/** Loads all blocks of a policy. */
export async function openInterpreter(
  policy: PolicyPackage,
  options: { readonly threads?: number; readonly batch?: number } = {},
): Promise<Interpreter> {
  const { manifest } = policy;
  const a = manifest.architecture;
  const weights = denoiserWeights(policy.denoiser, a);
  const batch = options.batch ?? DEFAULT_BATCH;
  const session: SessionOptions = { threads: options.threads ?? 0 };
  const load = (graph: OnnxGraph): Promise<Session> => Session.load(graph.bytes, session);
  const blocks: Session[] = [];
  for (const block of blocksOf(a.layers)) {
    blocks.push(await load(blockGraph(weights, a, batch, block)));
  }
  return new BlockInterpreter(manifest, batch, {
    memory: await load(memoryGraph(weights, a, batch)),
    embedding: await load(embeddingGraph(weights, a, batch)),
    blocks,
    head: await load(headGraph(weights, a, batch)),
  });
}

interface Sessions {
  readonly memory: Session;
  readonly embedding: Session;
  readonly blocks: readonly Session[];
  readonly head: Session;
}

class BlockInterpreter implements Interpreter {
  readonly batch: number;
  readonly #manifest: PolicyManifest;
  readonly #sessions: Sessions;
  readonly #steps: readonly DenoisingStep[];
  /** Sinusoidal time embedding of every step, (E) each, without the position. */
  readonly #times: readonly Float32Array[];

  constructor(manifest: PolicyManifest, batch: number, sessions: Sessions) {
    this.batch = batch;
    this.#manifest = manifest;
    this.#sessions = sessions;
    this.#steps = denoisingSteps(manifest.noise_scheduler);
    this.#times = this.#steps.map(({ timestep }) =>
      toFloat32(sinusoidalEmbedding(manifest.architecture.embedding, timestep)),
    );
  }

  async run(input: InterpreterInput): Promise<{ sample: Float32Array }> {
    const a = this.#manifest.architecture;
    const size = a.horizon * a.action_dim;
    const sample = new Float32Array(input.samples * size);
    for (let first = 0; first < input.samples; first += this.batch) {
      const count = Math.min(this.batch, input.samples - first);
      const part = await this.#runBatch(input, first, count);
      sample.set(part.subarray(0, count * size), first * size);
    }
    return { sample };
  }

  async close(): Promise<void> {
    const { memory, embedding, blocks, head } = this.#sessions;
    for (const session of [memory, embedding, ...blocks, head]) await session.close();
  }

  /** One batch; where there are fewer samples than the batch holds, zeros fill it up. */
  async #runBatch(input: InterpreterInput, first: number, count: number): Promise<Float32Array> {
    const a = this.#manifest.architecture;
    const size = a.horizon * a.action_dim;
    const width = a.horizon * a.embedding;
    const condition = this.#pad(input.condition, a.n_obs_steps * a.condition_dim, first, count);
    const streamShape = [this.batch, a.horizon, a.embedding];
    const stored: Float32Array[] = [];
    const { sessions, steps } = { sessions: this.#sessions, steps: this.#steps };
    let x = this.#pad(input.initialNoise, size, first, count);
    for (const [k, step] of steps.entries()) {
      const memory = (
        await sessions.memory.run({
          condition: { data: condition, shape: [this.batch, a.n_obs_steps, a.condition_dim] },
          time: { data: this.#times[k]!, shape: [1, a.embedding] },
        })
      )['memory']!;
      const embedded = await sessions.embedding.run({
        sample: { data: x, shape: [this.batch, a.horizon, a.action_dim] },
      });
      const stream = embedded['stream']!.data as Float32Array;
      for (const [index, block] of sessions.blocks.entries()) {
        if (!input.updates || input.updates[index]!.includes(k)) {
          const inputs = { stream: { data: stream, shape: streamShape } };
          const isCross = index % 3 === 1;
          const outputs = await block.run(isCross ? { ...inputs, memory } : inputs);
          const branch = outputs['branch']!.data as Float32Array;
          stored[index] = branch;
          input.onBranch?.(k, index, branch.subarray(0, count * width), first);
        }
        const branch = stored[index]!;
        for (let i = 0; i < stream.length; i++) stream[i]! += branch[i]!;
      }
      const headed = await sessions.head.run({ stream: { data: stream, shape: streamShape } });
      const noiseAt = ((steps.length - 1 - k) * input.samples + first) * size;
      const noise = input.stepNoise.subarray(noiseAt, noiseAt + count * size);
      x = denoise(x, headed['output']!.data as Float32Array, noise, step, this.#clipRange);
      input.onStep?.(k, x.subarray(0, count * size), first);
    }
    return x;
  }

  get #clipRange(): number {
    return this.#manifest.noise_scheduler.clip_range ?? Infinity;
  }

  #pad(values: Float32Array, size: number, first: number, count: number): Float32Array {
    const padded = new Float32Array(this.batch * size);
    padded.set(values.subarray(first * size, (first + count) * size));
    return padded;
  }
}

/** One solver step, see {@link DenoisingStep}. @param noise may be shorter than x: the rest is padding */
function denoise(
  x: Float32Array,
  output: Float32Array,
  noise: Float32Array,
  { p, q, c0, c1, c2, sigma }: DenoisingStep,
  clipRange: number,
): Float32Array {
  return x.map((value, i) => {
    const clean = p * value + q * output[i]!;
    const clipped = Math.max(-clipRange, Math.min(clipRange, clean));
    return c0 * clipped + c1 * value + c2 * clean + sigma * (noise[i] ?? 0);
  });
}
