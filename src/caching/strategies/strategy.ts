/**
 * Decides for one sample and one run of the denoising loop which blocks are computed, and what the others add:
 * what a caching method does, as the interpreter runs it. Blocks are counted in canonical order. At every step
 * the interpreter asks block by block, in the order they run; a stream or branch is (T, E).
 */
export interface Strategy {
  /** Whether a block is computed. @param stream residual stream that goes into it; valid during the call */
  computes(step: number, block: number, stream: Float32Array): boolean;
  /**
   * Takes the output of a block that was computed.
   * @param branch kept, and never written to
   * @returns what is added to the stream
   */
  computed(step: number, block: number, stream: Float32Array, branch: Float32Array): Float32Array;
  /** What is added for a block that was not computed. */
  predict(step: number, block: number, stream: Float32Array): Float32Array;
}
