import { normals, SeededRandom } from './seeded_random.js';

/** Conditions of episodes, one after another. */
export interface Episodes {
  /** (n, WIDTH) */
  readonly conditions: Float32Array;
  readonly episodes: number[];
}

/** Two observations of five values each. */
export const WIDTH = 10;
const LENGTH = 20;

/**
 * A robot that goes from where it is to an object and comes back, as a policy's conditions: three joints, of
 * which the last keeps its place, and the object's two coordinates, uniform in [-1, 1], which do not change.
 * @param shift is added to each of the five values
 */
export function episodesOf(
  seed: number,
  count: number,
  shift: readonly number[] = [0, 0, 0, 0, 0],
): Episodes {
  const random = new SeededRandom(seed);
  const conditions = new Float32Array(count * LENGTH * WIDTH);
  const noise = normals(seed, conditions.length);
  const episodes: number[] = [];
  for (let episode = 0, row = 0; episode < count; episode++) {
    const object = [2 * random.uniform() - 1, 2 * random.uniform() - 1] as const;
    for (let t = 0; t < LENGTH; t++, row++) {
      episodes.push(episode);
      for (const [half, tick] of [Math.max(0, t - 1), t].entries()) {
        const reach = Math.sin((Math.PI * tick) / LENGTH);
        const values = [object[0] * reach, object[1] * reach, 0.5, ...object];
        for (const [i, value] of values.entries()) {
          const at = row * WIDTH + half * values.length + i;
          const jitter = i < 2 ? 0.02 * noise[at]! : 0;
          conditions[at] = value + jitter + shift[i]!;
        }
      }
    }
  }
  return { conditions, episodes };
}

/** Row i. */
export function conditionAt({ conditions }: Episodes, i: number): Float32Array {
  return conditions.subarray(i * WIDTH, (i + 1) * WIDTH);
}
