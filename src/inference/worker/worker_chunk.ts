import type { Chunk } from '../policy_runner.js';

/** A chunk, what it was made from, and how long that took: pictures decoded and encoded, vectors normalised. */
export type WorkerChunk = Chunk & {
  /** (To, Dc), normalised. */
  readonly condition: Float32Array;
  /** Of the picture of each camera that was encoded last, by the name of its input; see `thumbnail`. */
  readonly thumbnails: ReadonlyMap<string, Float32Array>;
  /** ms */
  readonly observationMs: number;
};
