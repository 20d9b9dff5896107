import { type Block, blocksOf } from '../caching/blocks.js';
import { type DenoisingProgram, denoisingProgram } from '../caching/denoising_program.js';
import { ChunkReuse } from '../caching/strategies/chunk_reuse.js';
import { updatedTokens } from '../caching/strategies/plan_strategy.js';
import type { Strategy } from '../caching/strategies/strategy.js';
import { strategyOf } from '../caching/strategies/strategy_of.js';
import { sinusoidalEmbedding } from '../compiler/condition_tokens.js';
import { denoiserWeights } from '../compiler/denoiser_weights.js';
import {
  blockGraph,
  embeddingGraph,
  headGraph,
  memoryGraph,
} from '../compiler/interpreter_graphs.js';
import type { OnnxGraph } from '../compiler/graph.js';
import { Int8Blocks } from '../compiler/int8_blocks.js';
import { toFloat32 } from '../compiler/linalg.js';
import { executedActions } from '../policy/executed_actions.js';
import { type Inpainting, type KnownRun, knownRun } from '../policy/inpainting.js';
import type { PolicyManifest } from '../policy/manifest.js';
import type { PolicyPackage } from '../policy/policy_package.js';
import { affineStep, askedSample, denoiseStep, type Evaluated } from './denoise_step.js';
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
  /** What is known of the samples, (N, T, A) each; absent = nothing. */
  readonly inpainting?: Inpainting;
  /** What is computed when; absent = the dense policy. */
  readonly program?: DenoisingProgram;
  /**
   * Hears every branch that is computed: (n, T, E) of the n samples from `firstSample` on, also of those whose
   * strategy does not want it, where it is wanted for another.
   */
  readonly onBranch?: (
    step: number,
    block: number,
    branch: Float32Array,
    firstSample: number,
    details: BranchDetails,
  ) => void;
  /** Hears the network's output (n, T, A) at every evaluation, before anything is made of it. */
  readonly onOutput?: (step: number, output: Float32Array, firstSample: number) => void;
  /** Hears the end of every step, or of an affine run of steps its last one: the sample (n, T, A) after it. */
  readonly onStep?: (step: number, sample: Float32Array, firstSample: number) => void;
}

/** What there is to know of a branch beside itself. */
export interface BranchDetails {
  /** The block's input, (n, T, E); valid during the call only. */
  readonly stream: Float32Array;
  /** Of cross-attention: how much was looked at each memory token, (n, 1 + To). */
  readonly attention: Float32Array | undefined;
}

/** What comes of a batch of denoising runs. */
export interface InterpreterResult {
  /** (N, T, A) */
  readonly sample: Float32Array;
  /**
   * (N): blocks that were computed for each sample, over all steps; of an update of some tokens only their share.
   * The dense policy computes 3 L K.
   */
  readonly computedBlocks: Float64Array;
}

/**
 * Runs the network block by block, one session each, batched over samples: slow per chunk, but any
 * caching strategy can be tried, and features recorded.
 */
export interface Interpreter {
  /** Samples that are run together; `onBranch` hears at most so many at once. */
  readonly batch: number;
  run(input: InterpreterInput): Promise<InterpreterResult>;
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
  const session: SessionOptions = { threads: options.threads ?? 0, spinning: false };
  const load = (graph: OnnxGraph): Promise<Session> => Session.load(graph.bytes, session);
  const blocks: Session[] = [];
  for (const block of blocksOf(a.layers)) {
    blocks.push(await load(blockGraph(weights, a, batch, block)));
  }
  const int8 = (block: Block): Promise<Session> => load(blockGraph(weights, a, batch, block, true));
  return new BlockInterpreter(manifest, batch, int8, {
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

/** The samples of a batch. */
interface BatchPart {
  readonly first: number;
  /** One per sample. */
  readonly strategies: readonly Strategy[];
  /** Per sample, the blocks computed so far; counted here. */
  readonly computed: Float64Array;
  /** All blocks, in the numbers that the program wants. */
  readonly blocks: readonly Session[];
}

/** What a block's graph gives. */
interface Branch {
  /** (B, T, E) */
  readonly branch: Float32Array;
  /** (B, 1 + To) */
  readonly attention: Float32Array | undefined;
}

class BlockInterpreter implements Interpreter {
  readonly batch: number;
  readonly #manifest: PolicyManifest;
  readonly #sessions: Sessions;
  readonly #dense: DenoisingProgram;
  readonly #loadInt8: (block: Block) => Promise<Session>;
  /** Blocks that round as int8 does, as far as they were wanted, by their place in canonical order. */
  readonly #int8 = new Map<number, Session>();

  constructor(
    manifest: PolicyManifest,
    batch: number,
    loadInt8: (block: Block) => Promise<Session>,
    sessions: Sessions,
  ) {
    this.batch = batch;
    this.#manifest = manifest;
    this.#sessions = sessions;
    this.#loadInt8 = loadInt8;
    this.#dense = denoisingProgram(manifest);
  }

  async run(input: InterpreterInput): Promise<InterpreterResult> {
    const a = this.#manifest.architecture;
    const size = a.horizon * a.action_dim;
    const sample = new Float32Array(input.samples * size);
    const computedBlocks = new Float64Array(input.samples);
    const blocks = await this.#blocksOf(input.program ?? this.#dense);
    const newStrategy = strategyOf(input.program ?? this.#dense, a);
    for (let first = 0; first < input.samples; first += this.batch) {
      const count = Math.min(this.batch, input.samples - first);
      const strategies = Array.from({ length: count }, newStrategy);
      const computed = computedBlocks.subarray(first, first + count);
      const part = await this.#runBatch(input, { first, strategies, computed, blocks });
      sample.set(part.subarray(0, count * size), first * size);
    }
    const decision = input.program?.decision;
    if (decision?.kind === 'chunk-reuse') {
      this.#reuseChunks(new ChunkReuse(decision), input.condition, sample, computedBlocks);
    }
    return { sample, computedBlocks };
  }

  /** Samples that would not have been computed become those before, one after the other as they were given. */
  #reuseChunks(
    reuse: ChunkReuse,
    condition: Float32Array,
    sample: Float32Array,
    computedBlocks: Float64Array,
  ): void {
    const samples = computedBlocks.length;
    const size = sample.length / samples;
    const width = condition.length / samples;
    for (let i = 0; i < samples; i++) {
      const observed = condition.subarray(i * width, (i + 1) * width);
      if (reuse.reuses(observed)) {
        sample.copyWithin(i * size, (i - 1) * size, i * size);
        computedBlocks[i] = 0;
      } else {
        const chunk = sample.subarray(i * size, (i + 1) * size);
        reuse.computed(observed, executedActions(this.#manifest, chunk));
      }
    }
  }

  async close(): Promise<void> {
    const { memory, embedding, blocks, head } = this.#sessions;
    const int8 = this.#int8.values();
    for (const session of [memory, embedding, ...blocks, ...int8, head]) await session.close();
  }

  async #blocksOf({ numerics }: DenoisingProgram): Promise<Session[]> {
    const int8 = new Int8Blocks(numerics);
    const all = [...this.#sessions.blocks];
    for (const [index, block] of blocksOf(this.#manifest.architecture.layers).entries()) {
      if (!int8.has(block)) continue;
      const session = this.#int8.get(index) ?? (await this.#loadInt8(block));
      this.#int8.set(index, session);
      all[index] = session;
    }
    return all;
  }

  /** One batch; where there are fewer samples than the batch holds, zeros fill it up. */
  async #runBatch(input: InterpreterInput, part: BatchPart): Promise<Float32Array> {
    const { architecture: a, noise_scheduler: scheduler } = this.#manifest;
    const { first } = part;
    const count = part.strategies.length;
    const size = a.horizon * a.action_dim;
    const program = input.program ?? this.#dense;
    const { steps, noiseRows, affine } = program;
    const condition = this.#pad(input.condition, a.n_obs_steps * a.condition_dim, first, count);
    const clipRange = scheduler.clip_range ?? Infinity;
    const noiseOf = (k: number): Float32Array => {
      const at = (noiseRows[k]! * input.samples + first) * size;
      return input.stepNoise.subarray(at, at + count * size);
    };
    let x = this.#pad(input.initialNoise, size, first, count);
    let before: Evaluated | undefined;
    for (let k = 0; k < steps.length;) {
      const step = steps[k]!;
      const run = affine?.find(({ begin }) => begin === k);
      const asked = run ? askedSample(run, x, noiseOf) : x;
      const output = await this.#network(input, program, k, { x: asked, condition, part });
      input.onOutput?.(k, output.subarray(0, count * size), first);
      const predicted = asked.map((value, i) => step.p * value + step.q * output[i]!);
      // A run of steps is inpainted as a whole: what its map makes of the network's answer is not what is known.
      const unclipped = run
        ? predicted
        : this.#inpainted(input, first, predicted, (known) => known);
      const clean = unclipped.map((value) => Math.max(-clipRange, Math.min(clipRange, value)));
      const now: Evaluated = { x, asked, clean };
      x = run
        ? this.#inpainted(
            input,
            first,
            affineStep(run, now, before, condition, noiseOf, size),
            knownStep(knownRun(steps, run.begin, run.end), x, run.begin, noiseOf),
          )
        : denoiseStep(now, before, unclipped, noiseOf(k), step);
      before = now;
      k = run ? run.end : k + 1;
      input.onStep?.(k - 1, x.subarray(0, count * size), first);
    }
    return x;
  }

  /**
   * Values (B, T, A) with what is known of the samples.
   * @param of the known clean value what takes the place of value i
   */
  #inpainted(
    { inpainting, samples }: InterpreterInput,
    first: number,
    values: Float32Array,
    of: (known: number, i: number) => number,
  ): Float32Array {
    if (!inpainting) return values;
    const size = inpainting.known.length / samples;
    return values.map((value, i) => {
      const weight = inpainting.weight[first * size + i] ?? 0;
      const known = inpainting.known[first * size + i] ?? 0;
      return weight === 0 ? value : value + weight * (of(known, i) - value);
    });
  }

  /** The network's output (B, T, A), blocks computed or predicted as the strategies say. */
  async #network(
    input: InterpreterInput,
    program: DenoisingProgram,
    k: number,
    state: { readonly x: Float32Array; readonly condition: Float32Array; readonly part: BatchPart },
  ): Promise<Float32Array> {
    const a = this.#manifest.architecture;
    const sessions = this.#sessions;
    const streamShape = [this.batch, a.horizon, a.embedding];
    const time = toFloat32(sinusoidalEmbedding(a.embedding, program.steps[k]!.timestep));
    const conditionShape = [this.batch, a.n_obs_steps, a.condition_dim];
    const remembered = await sessions.memory.run({
      condition: { data: state.condition, shape: conditionShape },
      time: { data: time, shape: [1, a.embedding] },
    });
    const memory = {
      memory: remembered['memory']!,
      seen: { data: seenMemory(program, k, 1 + a.n_obs_steps), shape: [1 + a.n_obs_steps] },
    };
    const embedded = await sessions.embedding.run({
      sample: { data: state.x, shape: [this.batch, a.horizon, a.action_dim] },
    });
    const stream = embedded['stream']!.data as Float32Array;
    for (const [index, block] of state.part.blocks.entries()) {
      const compute = async (): Promise<Branch> => {
        const inputs = { stream: { data: stream, shape: streamShape } };
        const outputs = await block.run(index % 3 === 1 ? { ...inputs, ...memory } : inputs);
        return {
          branch: outputs['branch']!.data as Float32Array,
          attention: outputs['attention']?.data as Float32Array | undefined,
        };
      };
      await this.#addBlock(input, program, { k, index, stream, part: state.part }, compute);
    }
    const headed = await sessions.head.run({ stream: { data: stream, shape: streamShape } });
    return headed['output']!.data as Float32Array;
  }

  /** Adds a block's output to the stream, sample by sample as their strategies say. */
  async #addBlock(
    input: InterpreterInput,
    { blocks }: DenoisingProgram,
    at: {
      readonly k: number;
      readonly index: number;
      readonly stream: Float32Array;
      readonly part: BatchPart;
    },
    compute: () => Promise<Branch>,
  ): Promise<void> {
    const { k, index, stream } = at;
    const { strategies, computed, first } = at.part;
    const { horizon, embedding, n_obs_steps: window } = this.#manifest.architecture;
    const width = horizon * embedding;
    const of = (tensor: Float32Array, i: number): Float32Array =>
      tensor.subarray(i * width, (i + 1) * width);
    const wanted = strategies.map((strategy, i) => strategy.computes(k, index, of(stream, i)));
    const output = wanted.includes(true) ? await compute() : undefined;
    if (output) {
      const count = strategies.length;
      input.onBranch?.(k, index, output.branch.subarray(0, count * width), first, {
        stream: stream.subarray(0, count * width),
        attention: output.attention?.subarray(0, count * (1 + window)),
      });
    }
    const share = (updatedTokens(blocks[index]!, k)?.length ?? horizon) / horizon;
    for (const [i, strategy] of strategies.entries()) {
      const own = of(stream, i);
      const added =
        output && wanted[i]
          ? strategy.computed(k, index, own, of(output.branch, i))
          : strategy.predict(k, index, own);
      if (wanted[i]) computed[i]! += share;
      for (let j = 0; j < width; j++) own[j]! += added[j]!;
    }
  }

  #pad(values: Float32Array, size: number, first: number, count: number): Float32Array {
    const padded = new Float32Array(this.batch * size);
    padded.set(values.subarray(first * size, (first + count) * size));
    return padded;
  }
}

/** What is added to the scores of the memory tokens at a step: -Infinity for those that were evicted. */
function seenMemory({ memory }: DenoisingProgram, step: number, tokens: number): Float32Array {
  const evicts = memory !== undefined && step >= memory.from_step;
  return Float32Array.from({ length: tokens }, (_, token) =>
    evicts && !memory.keep.includes(token) ? -Infinity : 0,
  );
}

/** What a run of steps makes of known clean values. */
function knownStep(
  { state, clean, noise }: KnownRun,
  x: Float32Array,
  begin: number,
  noiseOf: (step: number) => Float32Array,
): (known: number, i: number) => number {
  const noises = Array.from(noise, (_, k) => noiseOf(begin + k));
  return (known, i) =>
    noises.reduce((sum, z, k) => sum + noise[k]! * (z[i] ?? 0), state * x[i]! + clean * known);
}
