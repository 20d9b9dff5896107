import { blockIndex, blocksOf } from '../caching/blocks.js';
import type { DenoisingProgram } from '../caching/denoising_program.js';
import type { PolicyManifest } from '../policy/manifest.js';
import type { CrossAttention } from './cross_attention/cross_attention.js';
import { selectCrossAttention } from './cross_attention/select_cross_attention.js';
import { CrossAttentionPieces } from './cross_attention/cross_attention_pieces.js';
import { DecoderBlocks } from './decoder_blocks.js';
import type { DenoiserWeights } from './denoiser_weights.js';
import type { GraphBuilder, Value } from './graph.js';
import type { Int8Blocks } from './int8_blocks.js';
import { LearnedMaps } from './learned_maps.js';
import { plus, rowVector, toFloat32 } from './linalg.js';
import { embed, outputHead } from './output_head.js';
import { ReuseSpace } from './reuse_space.js';
import type { PredictionFactors } from './solver_graph.js';
import { StoredBranches } from './stored_branches.js';
import { padTokens } from './token_padding.js';

/** Reuse steps in a row from which the way into the reuse space pays (its way in is five nodes). */
const SHORTEST_RUN = 3;

/** The network's output at step k and the state, each times its factor: (T, A). */
export type Predict = (k: number, state: Value, factors: PredictionFactors) => Value;

/** The denoising network with a stored output per block. */
export class CachedNetwork {
  readonly #graph: GraphBuilder;
  readonly #weights: DenoiserWeights;
  readonly #program: DenoisingProgram;
  readonly #blocks: DecoderBlocks;
  readonly #pieces: CrossAttentionPieces;
  readonly #layers: number;
  readonly #reuseSpace: ReuseSpace;
  /** Positions and bias of the embedding, (T, E). */
  readonly #offset: Value;
  readonly #stored: StoredBranches;
  readonly #learned: LearnedMaps;
  /** Residual stream after the last block of the latest update step. */
  #stream: Value | undefined;

  /** @param tokens to compute with, see {@link padTokens} */
  constructor(
    graph: GraphBuilder,
    learned: DenoiserWeights,
    manifest: PolicyManifest,
    program: DenoisingProgram,
    condition: Value,
    tokens: number,
    int8: Int8Blocks,
  ) {
    const { weights, architecture: a } = padTokens(learned, manifest.architecture, tokens);
    this.#graph = graph;
    this.#weights = weights;
    this.#program = program;
    this.#layers = a.layers;
    const timesteps = program.steps.map((step) => step.timestep);
    const cross: CrossAttention = selectCrossAttention(
      graph,
      weights,
      a,
      timesteps,
      int8,
      program.memory,
    );
    this.#pieces = new CrossAttentionPieces(graph, cross, condition, a.layers);
    this.#blocks = new DecoderBlocks(graph, weights, a, manifest.architecture.horizon, cross, int8);
    this.#reuseSpace = new ReuseSpace(graph, weights);
    this.#stored = new StoredBranches(graph, program.blocks);
    this.#learned = new LearnedMaps(graph, program, a);
    this.#offset = graph.constant('embedding.offset', [a.horizon, a.embedding], () =>
      toFloat32(plus(weights.positions, rowVector(weights.inputEmbedding.bias))),
    );
  }

  /** One pass through the network at step k, in which the blocks are computed that the program says. */
  update(k: number, state: Value, scale: number): void {
    const g = this.#graph;
    const { blocks } = this.#program;
    const computes = blocks.map(({ updates }) => updates.includes(k));
    const pieces = this.#pieces.at(k, (layer) => computes[3 * layer + 1]!);
    let stream = embed(g, this.#weights, state, this.#offset, scale);
    let waiting: number[] = [];
    let mapped: number[] = [];
    const settle = (): void => {
      if (mapped.length > 0) stream = this.#learned.apply(mapped, stream);
      if (waiting.length > 0) stream = g.add(stream, this.#stored.sum(waiting, k));
      waiting = [];
      mapped = [];
    };
    for (const block of blocksOf(this.#layers)) {
      const index = blockIndex(block);
      if (!computes[index]) {
        const isMap = blocks[index]!.predict.kind === 'linear';
        if ((isMap ? waiting : mapped).length > 0) settle();
        (isMap ? mapped : waiting).push(index);
        continue;
      }
      settle();
      const { updates, tokens } = blocks[index]!;
      const wanted = tokens?.[updates.indexOf(k)] ?? undefined;
      const branch = this.#blocks.branch(block, stream, pieces(block.layer), wanted);
      const output = wanted ? this.#mixed(index, branch, wanted) : branch;
      this.#stored.store(index, k, output);
      stream = g.add(stream, output);
    }
    settle();
    this.#stream = stream;
  }

  /** Prediction of the step that `update` computed: network output and state times their factors, (T, A). */
  output(state: Value, factors: PredictionFactors): Value {
    return this.#combine(
      outputHead(this.#graph, this.#weights, this.#stream!, factors.output),
      state,
      factors,
    );
  }

  /** The same for a run of steps, `begin` to `end` (excluded), in which nothing is computed. */
  reuse(begin: number, end: number): Predict {
    if (this.#learned.any) {
      return (k, state, factors) => {
        this.update(k, state, factors.scale);
        return this.output(state, factors);
      };
    }
    const g = this.#graph;
    const steps = Array.from({ length: end - begin }, (_, i) => begin + i);
    const all = [...this.#program.blocks.keys()];
    const isConstant = this.#stored.isConstant(steps);
    const stored = isConstant
      ? g.add(this.#offset, this.#stored.sum(all, begin))
      : this.#stored.sums(steps, this.#offset);
    const ofStep = (values: Value): ((k: number) => Value) => {
      if (isConstant) return () => values;
      const tokens = this.#offset.shape[0]!;
      const pieces = g.split(values, Array<number>(steps.length).fill(tokens), 0);
      return (k) => pieces[k - begin]!;
    };
    if (steps.length >= SHORTEST_RUN && this.#reuseSpace.worthwhile) {
      const entered = ofStep(this.#reuseSpace.enter(stored));
      return (k, state, factors) => this.#reuseSpace.output(state, entered(k), factors);
    }
    const added = ofStep(stored);
    return (k, state, factors) => {
      const stream = embed(g, this.#weights, state, added(k), factors.scale);
      return this.#combine(outputHead(g, this.#weights, stream, factors.output), state, factors);
    };
  }

  /** The stored output of a block with the rows of some tokens replaced, (T, E). */
  #mixed(block: number, branch: Value, tokens: readonly number[]): Value {
    const g = this.#graph;
    const stored = this.#stored.latest(block)!;
    const count = stored.shape[0]!;
    const rows = Array.from({ length: count }, (_, token) => {
      const at = tokens.indexOf(token);
      return at < 0 ? token : count + at;
    });
    return g.gather(g.concat([stored, branch], 0), g.integers(rows));
  }

  #combine(output: Value, state: Value, factors: PredictionFactors): Value {
    if (factors.sample === 0) return output;
    const width = state.shape[1]!;
    const identity = this.#graph.constant('identity', [width, width], () =>
      Float32Array.from({ length: width * width }, (_, i) => Number(i % (width + 1) === 0)),
    );
    return this.#graph.gemm(state, identity, output, { alpha: factors.sample });
  }
}
