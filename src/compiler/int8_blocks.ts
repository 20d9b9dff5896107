import { type Block, blockName } from '../caching/blocks.js';
import type { Numerics } from '../caching/plan_fields.js';

/** Which blocks are computed in 8-bit integers. */
export class Int8Blocks {
  readonly #names: ReadonlySet<string> | 'all' | 'none';
  readonly #limit: number;

  /** @param limit largest magnitude of a weight's integer, see {@link quantiseColumns} */
  constructor(numerics: Numerics, limit: number) {
    this.#limit = limit;
    if (numerics.kind === 'fp32') this.#names = 'none';
    else this.#names = numerics.blocks ? new Set(numerics.blocks) : 'all';
  }

  /** Largest magnitude of a block's integers; undefined where it is computed in full precision. */
  limitOf(block: Block): number | undefined {
    if (this.#names === 'none') return undefined;
    return this.#names === 'all' || this.#names.has(blockName(block)) ? this.#limit : undefined;
  }

  /** The same for the cross-attention of all layers, of which some work is done together. */
  crossAttentionLimit(layers: number): number | undefined {
    const limits = Array.from({ length: layers }, (_, layer) =>
      this.limitOf({ layer, kind: 'cross_attention' }),
    );
    return limits.includes(undefined) ? undefined : this.#limit;
  }
}
