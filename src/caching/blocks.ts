/** Residual branches of one decoder layer, in the order they run. */
export const BLOCK_KINDS = ['self_attention', 'cross_attention', 'feed_forward'] as const;

/** Which residual branch of a decoder layer. */
export type BlockKind = (typeof BLOCK_KINDS)[number];

/**
 * One residual branch of one decoder layer: the unit that is cached (BAC, arXiv 2506.13456). Its feature
 * is the branch output (T, E) before it is added to the residual stream.
 */
export interface Block {
  /** 0 is the layer next to the input. */
  readonly layer: number;
  readonly kind: BlockKind;
}

/** All 3L blocks in canonical order, which is the order they run in: layer by layer, kind by kind. */
export function blocksOf(layers: number): Block[] {
  return Array.from({ length: layers }, (_, layer) =>
    BLOCK_KINDS.map((kind) => ({ layer, kind })),
  ).flat();
}

/** Place of a block in canonical order. */
export function blockIndex({ layer, kind }: Block): number {
  return layer * BLOCK_KINDS.length + BLOCK_KINDS.indexOf(kind);
}

/** Name of a block in files and tables, such as `3.feed_forward`. */
export function blockName({ layer, kind }: Block): string {
  return `${layer}.${kind}`;
}
