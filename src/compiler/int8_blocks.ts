import { type Block, blockName } from '../caching/blocks.js';
import type { Numerics } from '../caching/plan_fields.js';

/** Which blocks are computed in 8-bit integers. */
export class Int8Blocks {
  readonly #names: ReadonlySet<string> | 'all' | 'none';

  constructor(numerics: Numerics) {
    if (numerics.kind === 'fp32') this.#names = 'none';
    else this.#names = numerics.blocks ? new Set(numerics.blocks) : 'all';
  }

  has(block: Block): boolean {
    return this.#names === 'all' || (this.#names !== 'none' && this.#names.has(blockName(block)));
  }

  /** Whether it has the cross-attention of all layers, of which some work is done together. */
  hasCrossAttention(layers: number): boolean {
    return Array.from({ length: layers }, (_, layer) =>
      this.has({ layer, kind: 'cross_attention' }),
    ).every(Boolean);
  }
}
