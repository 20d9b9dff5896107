import type { Inpainting } from '../policy/inpainting.js';
import type { PolicyManifest } from '../policy/manifest.js';

/** All random numbers one chunk needs; the same noise gives the same chunk. */
export interface ChunkNoise {
  /** Where denoising starts, (T, A). */
  readonly initial: Float32Array;
  /** (K, T, A); entry t is added at timestep t, so the last denoising step uses entry 0 (as zero). */
  readonly steps: Float32Array;
}

/** What a chunk depends on beside its observation. */
export interface ChunkRequest {
  /** With the index it gives the noise. */
  readonly seed: number;
  /** Of the chunk within the activation. */
  readonly index: number;
  /** What is known of the chunk; absent = nothing. */
  readonly inpainting?: Inpainting;
}

/** One denoised chunk. */
export interface Chunk {
  /** (T, A), normalised. */
  readonly sample: Float32Array;
  /** (Ta, A), physical units: the actions to execute. */
  readonly action: Float32Array;
  /** Time the denoiser took, ms, by a steady clock. */
  readonly latencyMs: number;
}

/** A loaded policy with its plan, ready to run: what replay, bench and the node drive. */
export interface PolicyRunner {
  readonly manifest: PolicyManifest;
  /** Features of one camera frame, (feature_dim); `rgb` is (H, W, 3), 8 bit, of the input's size. */
  encodeImage(inputName: string, rgb: Uint8Array): Promise<Float32Array>;
  /**
   * One chunk from the condition (To, Dc): encoded and normalised observations, oldest first.
   * @param inpainting what is known of the chunk, where the runner was opened for that
   */
  denoise(condition: Float32Array, noise: ChunkNoise, inpainting?: Inpainting): Promise<Chunk>;
  close(): Promise<void>;
}
