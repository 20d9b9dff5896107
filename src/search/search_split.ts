import type { Trajectories } from '../caching/trajectories.js';
import type { Folds } from './ridge_rows.js';

/** Every so many episodes one is held out: nothing is fitted on it, and nothing chosen by it. */
const HELD_OUT_EVERY = 6;
/**
 * Groups of episodes that are left out in turn of the fits that choose: the smaller, the faster and the more like the
 * whole fit.
 */
const FOLDS = 24;

/**
 * Splits samples by episode into those that are held out and folds of the rest. With a single episode nothing can
 * be held out, and blocks of neighbouring samples are the folds.
 */
export function searchSplit({
  samples,
  episodes,
}: Pick<Trajectories, 'samples' | 'episodes'>): Folds {
  const ids = [...new Set(episodes)].sort((a, b) => a - b);
  if (ids.length < 3) {
    const folds = Math.min(FOLDS, samples);
    const of = Int32Array.from({ length: samples }, (_, i) => Math.floor((i * folds) / samples));
    return { count: samples, of, folds };
  }
  const isHeldOut = (place: number): boolean =>
    place % HELD_OUT_EVERY === Math.min(HELD_OUT_EVERY, ids.length) - 1;
  const fitted = ids.filter((_, place) => !isHeldOut(place));
  const folds = Math.min(FOLDS, fitted.length);
  const foldOf = new Map(fitted.map((id, place) => [id, place % folds]));
  return {
    count: samples,
    of: Int32Array.from(episodes, (id) => foldOf.get(id) ?? -1),
    folds,
  };
}
