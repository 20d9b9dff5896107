import { blocksOf } from '../caching/blocks.js';
import type { PolicyManifest } from '../policy/manifest.js';
import type { CrossAttention } from './cross_attention/cross_attention.js';
import { selectCrossAttention } from './cross_attention/select_cross_attention.js';
import { DecoderBlocks, layerPieces } from './decoder_blocks.js';
import type { DenoiserWeights } from './denoiser_weights.js';
import type { GraphBuilder, Value } from './graph.js';
import { plus, rowVector, toFloat32 } from './linalg.js';
import { embed, outputHead } from './output_head.js';
import { ReuseSpace } from './reuse_space.js';
import type { PredictionFactors } from './solver_graph.js';
import { padTokens } from './token_padding.js';

/** Reuse steps in a row from which the way into the reuse space pays (its way in is five nodes). */
const SHORTEST_RUN = 3;

/** The network's output and the state, each times its factor: (T, A). */
export type Predict = (state: Value, factors: PredictionFactors) => Value;

/** The denoising network with a stored output per block. */
export class CachedNetwork {
  readonly #graph: GraphBuilder;
  readonly #weights: DenoiserWeights;
  readonly #blocks: DecoderBlocks;
  readonly #cross: CrossAttention;
  readonly #prepared: readonly (readonly Value[])[];
  readonly #layers: number;
  readonly #reuseSpace: ReuseSpace;
  /** Positions and bias of the embedding, (T, E). */
  readonly #offset: Value;
  /** Latest output of every block. */
  readonly #stored: Value[] = [];
  /** Sums of stored outputs by the names of what they add: a run that did not change is not added again. */
  readonly #sums = new Map<string, Value>();
  /** Residual stream after the last block of the latest update step. */
  #stream: Value | undefined;

  constructor(
    graph: GraphBuilder,
    learned: DenoiserWeights,
    manifest: PolicyManifest,
    timesteps: readonly number[],
    condition: Value,
  ) {
    const { weights, architecture: a } = padTokens(learned, manifest.architecture);
    this.#graph = graph;
    this.#weights = weights;
    this.#layers = a.layers;
    this.#cross = selectCrossAttention(graph, weights, a, timesteps);
    this.#prepared = layerPieces(graph, this.#cross.prepare(condition), a.layers);
    this.#blocks = new DecoderBlocks(graph, weights, a, manifest.architecture.horizon, this.#cross);
    this.#reuseSpace = new ReuseSpace(graph, weights);
    this.#offset = graph.constant('embedding.offset', [a.horizon, a.embedding], () =>
      toFloat32(plus(weights.positions, rowVector(weights.inputEmbedding.bias))),
    );
  }

  /** One pass through the network in which only some blocks are computed. */
  update(k: number, computes: (block: number) => boolean, state: Value, scale: number): void {
    const g = this.#graph;
    let stream = embed(g, this.#weights, state, this.#offset, scale);
    let waiting: Value[] = [];
    const settle = (): void => {
      if (waiting.length > 0) stream = g.add(stream, this.#sum(waiting));
      waiting = [];
    };
    for (const [index, block] of blocksOf(this.#layers).entries()) {
      if (!computes(index)) {
        waiting.push(this.#stored[index]!);
        continue;
      }
      settle();
      const branch = this.#blocks.branch(block, stream, this.#prepared[block.layer]!, () =>
        this.#stepConstants(k, block.layer),
      );
      this.#stored[index] = branch;
      stream = g.add(stream, branch);
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

  /** The same for a run of steps in which nothing is computed. */
  reuse(length: number): Predict {
    const g = this.#graph;
    const stored = g.add(this.#offset, this.#sum(this.#stored));
    if (length >= SHORTEST_RUN && this.#reuseSpace.worthwhile) {
      const entered = this.#reuseSpace.enter(stored);
      return (state, factors) => this.#reuseSpace.output(state, entered, factors);
    }
    return (state, factors) => {
      const stream = embed(g, this.#weights, state, stored, factors.scale);
      return this.#combine(outputHead(g, this.#weights, stream, factors.output), state, factors);
    };
  }

  #combine(output: Value, state: Value, factors: PredictionFactors): Value {
    if (factors.sample === 0) return output;
    const width = state.shape[1]!;
    const identity = this.#graph.constant('identity', [width, width], () =>
      Float32Array.from({ length: width * width }, (_, i) => Number(i % (width + 1) === 0)),
    );
    return this.#graph.gemm(state, identity, output, { alpha: factors.sample });
  }

  #sum(values: readonly Value[]): Value {
    const key = values.map((value) => value.name).join();
    const known = this.#sums.get(key) ?? this.#graph.sum(values);
    this.#sums.set(key, known);
    return known;
  }

  #stepConstants(k: number, layer: number): Value[] {
    return this.#cross.stepConstants.map(({ name, shape, perLayer, data }) =>
      this.#graph.constant(`step.${k}.${perLayer ? `${layer}.` : ''}${name}`, shape, () =>
        data(k, layer),
      ),
    );
  }
}
