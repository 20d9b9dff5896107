import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { seededChunkNoise } from '../../src/inference/seeded_noise.js';

/** The same random numbers for the same seed, for tests. */
export class SeededRandom {
  readonly #generator;

  constructor(seed: number) {
    this.#generator = xoroshiro128plus(seed);
  }

  /** An integer from 0 to limit - 1. */
  below(limit: number): number {
    return uniformInt(this.#generator, 0, limit - 1);
  }

  /** A number in [0, 1). */
  uniform(): number {
    return this.below(2 ** 24) / 2 ** 24;
  }
}

/** Standard normal values. */
export function normals(seed: number, count: number): Float32Array {
  return seededChunkNoise(seed, 0, 0, 1, count).initial;
}
