import type { AffineRun } from '../caching/affine_run.js';
import { blocksOf } from '../caching/blocks.js';
import { type DenoisingProgram, denoisingProgram } from '../caching/denoising_program.js';
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
import type { DenoisingStep } from '../policy/noise_schedule.js';
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
  /** What is computed when; absent = the dense policy. */
  readonly program?: DenoisingProgram;
  /** Hears every branch that is computed: (n, T, E) of the n samples from `firstSample` on. */
  readonly onBranch?: (
    step: number,
    block: number,
    branch: Float32Array,
    firstSample: number,
  ) => void;
  /** Hears the end of every step, or of an affine run of steps its last one: the sample (n, T, A) after it. */
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
  readonly #dense: DenoisingProgram;

  constructor(manifest: PolicyManifest, batch: number, sessions: Sessions) {
    this.batch = batch;
    this.#manifest = manifest;
    this.#sessions = sessions;
    this.#dense = denoisingProgram(manifest);
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
    const { architecture: a, noise_scheduler: scheduler } = this.#manifest;
    const size = a.horizon * a.action_dim;
    const program = input.program ?? this.#dense;
    const { steps, noiseRows, affine } = program;
    const condition = this.#pad(input.condition, a.n_obs_steps * a.condition_dim, first, count);
    const clipRange = scheduler.clip_range ?? Infinity;
    const stored: Float32Array[] = [];
    const noiseOf = (k: number): Float32Array => {
      const at = (noiseRows[k]! * input.samples + first) * size;
      return input.stepNoise.subarray(at, at + count * size);
    };
    let x = this.#pad(input.initialNoise, size, first, count);
    let before: Evaluated | undefined;
    for (let k = 0; k < steps.length;) {
      const step = steps[k]!;
      const output = await this.#network(input, program, k, { x, condition, stored, first, count });
      const unclipped = x.map((value, i) => step.p * value + step.q * output[i]!);
      const clean = unclipped.map((value) => Math.max(-clipRange, Math.min(clipRange, value)));
      const now: Evaluated = { x, clean };
      const run = affine?.find(({ begin }) => begin === k);
      x = run
        ? affineStep(run, now, before, condition, noiseOf, size)
        : denoise(now, before, unclipped, noiseOf(k), step);
      before = now;
      k = run ? run.end : k + 1;
      input.onStep?.(k - 1, x.subarray(0, count * size), first);
    }
    return x;
  }

  /** The network's output (B, T, A), blocks computed or reused as the program says. */
  async #network(
    input: InterpreterInput,
    { blocks, steps }: DenoisingProgram,
    k: number,
    batch: {
      readonly x: Float32Array;
      readonly condition: Float32Array;
      /** Latest output of every block; changed here. */
      readonly stored: Float32Array[];
      readonly first: number;
      readonly count: number;
    },
  ): Promise<Float32Array> {
    const a = this.#manifest.architecture;
    const sessions = this.#sessions;
    const { stored, first, count } = batch;
    const streamShape = [this.batch, a.horizon, a.embedding];
    const time = toFloat32(sinusoidalEmbedding(a.embedding, steps[k]!.timestep));
    const memory = (
      await sessions.memory.run({
        condition: { data: batch.condition, shape: [this.batch, a.n_obs_steps, a.condition_dim] },
        time: { data: time, shape: [1, a.embedding] },
      })
    )['memory']!;
    const embedded = await sessions.embedding.run({
      sample: { data: batch.x, shape: [this.batch, a.horizon, a.action_dim] },
    });
    const stream = embedded['stream']!.data as Float32Array;
    for (const [index, block] of sessions.blocks.entries()) {
      if (blocks[index]!.updates.includes(k)) {
        const inputs = { stream: { data: stream, shape: streamShape } };
        const isCross = index % 3 === 1;
        const outputs = await block.run(isCross ? { ...inputs, memory } : inputs);
        const branch = outputs['branch']!.data as Float32Array;
        stored[index] = branch;
        input.onBranch?.(k, index, branch.subarray(0, count * a.horizon * a.embedding), first);
      }
      const branch = stored[index]!;
      for (let i = 0; i < stream.length; i++) stream[i]! += branch[i]!;
    }
    const headed = await sessions.head.run({ stream: { data: stream, shape: streamShape } });
    return headed['output']!.data as Float32Array;
  }

  #pad(values: Float32Array, size: number, first: number, count: number): Float32Array {
    const padded = new Float32Array(this.batch * size);
    padded.set(values.subarray(first * size, (first + count) * size));
    return padded;
  }
}

/** The sample at an evaluation and the clipped clean sample predicted there, each (B, T, A). */
interface Evaluated {
  readonly x: Float32Array;
  readonly clean: Float32Array;
}

/** One solver step, see {@link DenoisingStep}. @param noise may be shorter than x: the rest is padding */
function denoise(
  { x, clean }: Evaluated,
  before: Evaluated | undefined,
  unclipped: Float32Array,
  noise: Float32Array,
  { c0, c1, c2, c3 = 0, sigma }: DenoisingStep,
): Float32Array {
  return x.map(
    (value, i) =>
      c0 * clean[i]! +
      c1 * value +
      c2 * unclipped[i]! +
      c3 * (before?.clean[i] ?? 0) +
      sigma * (noise[i] ?? 0),
  );
}

/** A whole run of steps, see {@link AffineRun}; sums in double precision. */
function affineStep(
  run: AffineRun,
  now: Evaluated,
  before: Evaluated | undefined,
  condition: Float32Array,
  noiseOf: (step: number) => Float32Array,
  size: number,
): Float32Array {
  const samples = now.x.length / size;
  const result = new Float32Array(now.x.length);
  const conditionSize = condition.length / samples;
  const kept = run.noise.length / size / size;
  const sum = new Float64Array(size);
  const addProduct = (
    values: Float32Array,
    begin: number,
    length: number,
    matrix: Float32Array,
  ): void => {
    for (let i = 0; i < length; i++) {
      const factor = values[begin + i] ?? 0;
      for (let j = 0; j < size; j++) sum[j]! += factor * matrix[i * size + j]!;
    }
  };
  for (let n = 0; n < samples; n++) {
    sum.set(run.offset);
    addProduct(now.x, n * size, size, run.state);
    addProduct(now.clean, n * size, size, run.clean);
    addProduct(condition, n * conditionSize, conditionSize, run.condition);
    if (run.previousState && run.previousClean && before) {
      addProduct(before.x, n * size, size, run.previousState);
      addProduct(before.clean, n * size, size, run.previousClean);
    }
    for (let i = 0; i < kept; i++) {
      const matrix = run.noise.subarray(i * size * size, (i + 1) * size * size);
      addProduct(noiseOf(run.end - kept + i), n * size, size, matrix);
    }
    result.set(sum, n * size);
  }
  return result;
}
