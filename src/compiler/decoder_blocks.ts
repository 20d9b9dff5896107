import { type Block, blockIndex } from '../caching/blocks.js';
import type { Architecture } from '../policy/manifest.js';
import type { CrossAttention } from './cross_attention/cross_attention.js';
import type { DenoiserWeights, Linear } from './denoiser_weights.js';
import type { GraphBuilder, Value } from './graph.js';
import type { Int8Blocks } from './int8_blocks.js';
import { int8SelfAttention, linearIn } from './int8_layers.js';
import {
  additiveMask,
  attend,
  foldNorm,
  joinSelfAttention,
  plainNorm,
  type SelfAttention,
  selfAttention,
} from './layers.js';
import { columns } from './linalg.js';

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
  readonly #int8: Int8Blocks;

  /** @param tokens of the `a.horizon` tokens, those that are not padding */
  constructor(
    graph: GraphBuilder,
    weights: DenoiserWeights,
    a: Architecture,
    tokens: number,
    cross: CrossAttention,
    int8: Int8Blocks,
  ) {
    this.#graph = graph;
    this.#a = a;
    this.#tokens = tokens;
    this.#cross = cross;
    this.#int8 = int8;
    this.#layers = weights.layers.map((layer) => ({
      self: joinSelfAttention(layer.selfAttention, layer.norm1),
      expand: foldNorm(layer.norm3, layer.expand),
      contract: layer.contract,
    }));
  }

  /**
   * Output of one block before it is added.
   * @param x residual stream (T, E)
   * @param pieces what cross-attention needs for this layer at this step
   * @param tokens whose output is wanted; absent = all
   * @returns (T, E), or (tokens, E)
   */
  branch(block: Block, x: Value, pieces: readonly Value[], tokens?: readonly number[]): Value {
    const g = this.#graph;
    const layer = this.#layers[block.layer]!;
    const int8 = this.#int8.has(block);
    const name = `block.${blockIndex(block)}`;
    const normed = plainNorm(g, x);
    const wanted = tokens ? g.gather(normed, g.integers(tokens)) : normed;
    switch (block.kind) {
      case 'self_attention': {
        if (tokens) return this.#partialSelfAttention(name, layer.self, normed, tokens, int8);
        const options = { heads: this.#a.heads, causal: this.#a.causal, ...this.#paddingMask() };
        const attention = int8 ? int8SelfAttention : selfAttention;
        return attention(g, name, layer.self, options, normed);
      }
      case 'cross_attention':
        return this.#cross.branch(block.layer, wanted, pieces, tokens);
      case 'feed_forward': {
        const product = linearIn(int8);
        const hidden = g.gelu(product(g, `${name}.expand`, layer.expand, wanted));
        return product(g, `${name}.contract`, layer.contract, hidden);
      }
    }
  }

  /** Self-attention for the queries of some tokens; keys and values are those of all. */
  #partialSelfAttention(
    name: string,
    { input, output }: SelfAttention,
    normed: Value,
    tokens: readonly number[],
    int8: boolean,
  ): Value {
    const g = this.#graph;
    const { heads, embedding: e, horizon, causal } = this.#a;
    const product = linearIn(int8);
    const part = (begin: number, end: number): Linear => ({
      weight: columns(input.weight, begin * e, end * e),
      bias: input.bias.subarray(begin * e, end * e),
    });
    const query = product(g, `${name}.query`, part(0, 1), g.gather(normed, g.integers(tokens)));
    const both = product(g, `${name}.memory`, part(1, 3), normed);
    const [keys, values] = g.split(g.reshape(both, [1, horizon, 2 * e]), [e, e], 2) as [
      Value,
      Value,
    ];
    const mask = g.constant(`mask_${tokens.join('_')}`, [1, 1, tokens.length, horizon], () =>
      additiveMask(tokens.length, horizon, (row, key) =>
        causal ? key <= tokens[row]! : key < this.#tokens,
      ),
    );
    const queries = g.reshape(query, [1, tokens.length, e]);
    const attended = attend(g, queries, keys, values, { heads, mask });
    return product(g, `${name}.out`, output, attended);
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
