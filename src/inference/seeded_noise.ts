import { createHash } from 'node:crypto';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import type { ChunkNoise } from './policy_runner.js';

const TWO_TO_32 = 2 ** 32;

/**
 * The noise of one chunk, standard normal. It depends on the seed and the chunk's index alone, not on chunks
 * before it, and is the same on every machine: integer generator (xoroshiro128+ on a state hashed from seed
 * and index), Box-Muller in double precision, rounded to 32 bits at the end.
 * @param K denoising steps
 * @param T action tokens
 * @param A action dimension
 */
export function seededChunkNoise(
  seed: number,
  chunkIndex: number,
  K: number,
  T: number,
  A: number,
): ChunkNoise {
  const hash = createHash('sha256').update(`bac_policy noise ${seed} ${chunkIndex}`).digest();
  const generator = xoroshiro128plusFromState([0, 4, 8, 12].map((at) => hash.readInt32LE(at)));
  const uniform = (): number => ((generator.next() >>> 0) + 0.5) / TWO_TO_32;
  const normals = (count: number): Float32Array => {
    const values = new Float32Array(count);
    for (let i = 0; i < count; i += 2) {
      const radius = Math.sqrt(-2 * Math.log(uniform()));
      const angle = 2 * Math.PI * uniform();
      values[i] = radius * Math.cos(angle);
      if (i + 1 < count) values[i + 1] = radius * Math.sin(angle);
    }
    return values;
  };
  return { initial: normals(T * A), steps: normals(K * T * A) };
}
