import type { PolicyManifest } from '../policy/manifest.js';

/** All random numbers one chunk needs; the same noise gives the same chunk. */
export interface ChunkNoise {
  /** Where denoising starts, (T, A). */
  readonly initial: Float32Array;
  /** (K, T, A); entry t is added at timestep t, so the last denoising step uses entry 0 (as zero). */
  readonly steps: Float32Array;
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
  /** One chunk from the condition (To, Dc): encoded and normalised observations, oldest first. */
  denoise(condition: Float32Array, noise: ChunkNoise): Promise<Chunk>;
  close(): Promise<void>;
}
