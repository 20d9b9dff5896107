import type { GraphBuilder, Value } from '../graph.js';
import type { CrossAttention } from './cross_attention.js';

/** What cross-attention needs, step by step, in a graph in which the steps stand one after another. */
export class CrossAttentionPieces {
  readonly #graph: GraphBuilder;
  readonly #cross: CrossAttention;
  readonly #layers: number;
  /** Each (count R, C), count L or, where one serves all layers, 1. */
  readonly #stacks: readonly { readonly count: number; readonly stack: Value }[];
  /** The same for every layer by itself; made when it is needed. */
  #split: readonly (readonly Value[])[] | undefined;

  /** @param condition (To, Dc) */
  constructor(graph: GraphBuilder, cross: CrossAttention, condition: Value, layers: number) {
    this.#graph = graph;
    this.#cross = cross;
    this.#layers = layers;
    this.#stacks = cross.prepare(condition).map((stack) => {
      const [count, rows, width] = stack.shape as [number, number, number];
      return { count, stack: graph.reshape(stack, [count * rows, width]) };
    });
  }

  /**
   * Per layer, what its branch needs at step k: for all layers at once where all are computed.
   * @param computes whether a layer's cross-attention is computed
   */
  at(k: number, computes: (layer: number) => boolean): (layer: number) => readonly Value[] {
    const layers = Array.from({ length: this.#layers }, (_, layer) => layer);
    if (!layers.every(computes)) return (layer) => this.#ofLayer(k, layer);
    const stacks = this.#stacks.map(({ stack }) => stack);
    let all: Value[][] | undefined;
    return (layer) => {
      all ??= this.#cross.pieces(stacks, this.#constants(k, layers), this.#layers);
      return all[layer]!;
    };
  }

  #ofLayer(k: number, layer: number): readonly Value[] {
    this.#split ??= this.#stacks.map(({ count, stack }) =>
      this.#graph.split(stack, Array<number>(count).fill(stack.shape[0]! / count), 0),
    );
    const prepared = this.#split.map((pieces) => pieces[pieces.length === 1 ? 0 : layer]!);
    return this.#cross.pieces(prepared, this.#constants(k, [layer]), 1)[0]!;
  }

  #constants(k: number, layers: readonly number[]): Value[] {
    const suffix = layers.length === this.#layers ? '' : `.${layers.join('_')}`;
    return this.#cross.stepConstants.map(({ name, shape: [rows, width], perLayer, data }) => {
      const own = perLayer ? layers : [0];
      return this.#graph.constant(
        `step.${k}.${name}${perLayer ? suffix : ''}`,
        [own.length * rows, width],
        () => {
          const values = new Float32Array(own.length * rows * width);
          own.forEach((layer, i) => values.set(data(k, layer), i * rows * width));
          return values;
        },
      );
    });
  }
}
