import type { Chunk } from '../policy_runner.js';

/** A chunk and how long its condition took: pictures decoded and encoded, vectors normalised, ms. */
export type WorkerChunk = Chunk & { readonly observationMs: number };
