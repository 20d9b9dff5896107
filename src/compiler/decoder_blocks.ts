import { type Block, blockIndex } from '../caching/blocks.js';
import type { Architecture } from '../policy/manifest.js';
import type { CrossAttention } from './cross_attention/cross_attention.js';
import type { DenoiserWeights, Linear } from './denoiser_weights.js';
import type { GraphBuilder, Value } from './graph.js';
import {
  additiveMask,
  foldNorm,
  joinSelfAttention,
  linear,
  plainNorm,
  type SelfAttention,
  selfAttention,
} from './layers.js';

interface FoldedLayer {
  readonly self: SelfAttention;
  readonly expand: Linear;
  readonly contract: Linear;
}

/** The residual branches of all decoder layers, with the LayerNorm before each folded into it. */
export class DecoderBlocks {
  readonly #graph: GraphBuilder;
  readonly #a: Architecture;
  readonly #layers: readonly FoldedLayer[];
  readonly #cross: CrossAttention;
  readonly #tokens: number;

  /** @param tokens of the `a.horizon` tokens, those that are not padding */
  constructor(
    graph: GraphBuilder,
    weights: DenoiserWeights,
    a: Architecture,
    tokens: number,
    cross: CrossAttention,
  ) {
    this.#graph = graph;
    this.#a = a;
    this.#tokens = tokens;
    this.#cross = cross;
    this.#layers = weights.layers.map((layer) => ({
      self: joinSelfAttention(layer.selfAttention, layer.norm1),
      expand: foldNorm(layer.norm3, layer.expand),
      contract: layer.contract,
    }));
  }

  /**
   * Output of one block before it is added.
   * @param x residual stream (T, E)
   * @param prepared what cross-attention prepared for this layer, see {@link layerPieces}
   * @param step the step's constants for this layer
   */
  branch(block: Block, x: Value, prepared: readonly Value[], step: () => readonly Value[]): Value {
    const g = this.#graph;
    const layer = this.#layers[block.layer]!;
    const normed = plainNorm(g, x);
    switch (block.kind) {
      case 'self_attention':
        return selfAttention(
          g,
          `block.${blockIndex(block)}`,
          layer.self,
          { ...this.#a, ...this.#paddingMask() },
          normed,
        );
      case 'cross_attention':
        return this.#cross.branch(block.layer, normed, prepared, step());
      case 'feed_forward': {
        const name = `block.${blockIndex(block)}`;
        const hidden = g.gelu(linear(g, `${name}.expand`, layer.expand, normed));
        return linear(g, `${name}.contract`, layer.contract, hidden);
      }
    }
  }

  /** Padding comes last, so a causal mask hides it already. */
  #paddingMask(): { readonly mask?: Value } {
    const { horizon, causal } = this.#a;
    if (causal || this.#tokens === horizon) return {};
    return {
      mask: this.#graph.constant('padding_mask', [1, 1, horizon, horizon], () =>
        additiveMask(horizon, horizon, (_, key) => key < this.#tokens),
      ),
    };
  }
}

/**
 * What cross-attention prepared, layer by layer.
 * @param prepared each (L, R, C), or (1, R, C) when one serves all layers
 * @returns L lists of (R, C)
 */
export function layerPieces(
  graph: GraphBuilder,
  prepared: readonly Value[],
  layers: number,
): Value[][] {
  const pieces = prepared.map((stack) => {
    const [count, rows, width] = stack.shape as [number, number, number];
    const flat = graph.reshape(stack, [count * rows, width]);
    return graph.split(flat, Array<number>(count).fill(rows), 0);
  });
  return Array.from({ length: layers }, (_, layer) =>
    pieces.map((piece) => piece[piece.length === 1 ? 0 : layer]!),
  );
}
