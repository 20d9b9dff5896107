import { median } from '../caching/median.js';

/** What a camera usually shows. */
export interface PictureReference {
  /** Cell by cell, see `thumbnail`. */
  readonly usual: Float32Array;
  /** What 9 of 10 episodes that the reference was made without stay within all along. */
  readonly threshold: number;
}

/** Thumbnails of one camera, each with its episode. */
export interface EpisodeThumbnails {
  readonly thumbnails: readonly Float32Array[];
  readonly episodes: ArrayLike<number>;
}

const MAX_FOLDS = 10;
const WITHIN = 0.9;
/** A quarter of one of 255 levels of brightness: cells are means of many pixels. */
const LEAST = 0.25 / 255;
/** One more episode than n goes beyond all of them with probability 1 / (n + 1): few episodes get some room. */
const ROOM = 2;

/**
 * Learns what a camera usually shows. What a network makes of a picture changes little when the camera is moved
 * and much when another object is seen; most of what a fixed camera sees never changes, so that the median over
 * the picture tells the two apart. A camera at the wrist has a threshold so large that it sees only gross changes.
 * @throws RangeError without a thumbnail
 */
export function pictureReference({ thumbnails, episodes }: EpisodeThumbnails): PictureReference {
  if (thumbnails.length === 0) throw new RangeError('no thumbnail');
  const ids = [...new Set(Array.from(episodes))];
  const most = new Map<number, number>();
  for (let fold = 0; fold < Math.min(MAX_FOLDS, ids.length) && ids.length > 1; fold++) {
    const isLeftOut = (i: number): boolean => ids.indexOf(episodes[i]!) % MAX_FOLDS === fold;
    const usual = usualOf(thumbnails.filter((_, i) => !isLeftOut(i)));
    for (const [i, one] of thumbnails.entries()) {
      if (!isLeftOut(i)) continue;
      const id = episodes[i]!;
      most.set(id, Math.max(most.get(id) ?? 0, change(usual, one)));
    }
  }
  const sorted = [...most.values()].sort((a, b) => a - b);
  const usual = sorted[Math.ceil(WITHIN * (sorted.length - 1))] ?? 0;
  const threshold = Math.max(usual * (1 + ROOM / ids.length), LEAST);
  // As precise as plans keep it.
  return { usual: usualOf(thumbnails), threshold: Math.fround(threshold) };
}

/** How unlike the usual a picture is, in units of the threshold. */
export function pictureDistance(
  { usual, threshold }: PictureReference,
  thumbnail: Float32Array,
): number {
  return change(usual, thumbnail) / threshold;
}

function usualOf(thumbnails: readonly Float32Array[]): Float32Array {
  return thumbnails[0]!.map((_, cell) => median(thumbnails.map((one) => one[cell]!)));
}

function change(usual: Float32Array, thumbnail: Float32Array): number {
  return median(Array.from(usual, (value, cell) => Math.abs(value - thumbnail[cell]!)));
}
