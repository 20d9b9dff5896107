import { roundedToHalves } from '../policy/half_precision.js';
import { type DriftReference, nearestPoint, rangeExcess } from './drift_distance.js';
import { type EpisodeThumbnails, pictureReference } from './picture_reference.js';
import { whiten, whitening } from './whitening.js';

/** Share of the mean variance that is added to every variance: 0.03 to 1 were measured on the Lift task. */
const SHRINKAGE = 0.3;
/** Conditions that are kept, and those that thresholds are taken from. */
const MAX_POINTS = 512;
const MAX_TESTED = 2048;
/** Parts into which episodes are divided to be left out in turn. */
const MAX_FOLDS = 10;
/** Share of calibration's episodes that stay within the thresholds all along. */
const WITHIN = 0.9;
/** Episodes at either end of a value's range that say how sharp that end is. */
const TAIL_EPISODES = 5;
/** Ends of ranges are not known better than this share of the range, ... */
const LEAST_TAIL = 0.02;
/** ... and those of values that hardly change than this share of the median range. */
const LEAST_SPAN = 0.01;

/**
 * Learns what is usual from the conditions of calibration. Thresholds come from leaving out episodes in turn:
 * conditions of the same episode are alike, and those of a new one must not count as drift.
 * @param conditions (n, To * Dc), best of all ticks of all calibration episodes; evenly thinned out where many
 * @param episodes of each condition; where all are of one, ten stretches of it take their place
 * @param pictures of cameras, by the name of their input, best of all episodes as well
 * @throws RangeError when there are not at least two conditions
 */
export function driftReference(
  conditions: Float32Array,
  episodes: ArrayLike<number>,
  pictures: ReadonlyMap<string, EpisodeThumbnails> = new Map(),
): DriftReference {
  const width = conditions.length / episodes.length;
  if (episodes.length < 2 || !Number.isInteger(width)) {
    throw new RangeError('a drift reference needs two conditions or more, each with its episode');
  }
  const all: Sample[] = groupsOf(episodes).map((group, i) => ({
    group,
    condition: conditions.subarray(i * width, (i + 1) * width),
  }));
  const tested = spread(all, MAX_TESTED);
  const near = new Map<number, number>();
  const excess = new Map<number, number>();
  for (let fold = 0; fold < MAX_FOLDS; fold++) {
    const isLeftOut = ({ group }: Sample): boolean => group % MAX_FOLDS === fold;
    const others = all.filter((sample) => !isLeftOut(sample));
    if (others.length === all.length) continue;
    const without = fit(others, width);
    for (const { group, condition } of tested.filter(isLeftOut)) {
      const whitened = whiten(without.whitening, condition, width);
      raise(near, group, nearestPoint(without, whitened));
      raise(excess, group, rangeExcess(without, condition).excess);
    }
  }
  const nearest = Math.max(quantile(near.values(), WITHIN), Number.EPSILON);
  const beyond = Math.max(quantile(excess.values(), WITHIN), 1);
  const both = [...near].map(([group, distance]) =>
    Math.max(distance / nearest, excess.get(group)! / beyond),
  );
  const thresholds = Float32Array.of(nearest, beyond, Math.max(quantile(both, WITHIN), 1));
  const cameras = [...pictures].map(([name, seen]) => [name, pictureReference(seen)] as const);
  return { ...fit(all, width), thresholds, pictures: new Map(cameras) };
}

interface Sample {
  /** Of conditions that are alike: its episode. */
  readonly group: number;
  readonly condition: Float32Array;
}

/** A {@link DriftReference} without thresholds and pictures. */
function fit(
  samples: readonly Sample[],
  width: number,
): Omit<DriftReference, 'thresholds' | 'pictures'> {
  const map = whitening(together(spread(samples, MAX_TESTED), width), width, SHRINKAGE);
  const points = spread(samples, MAX_POINTS).map(({ condition }) => ({
    condition: Float32Array.from(whiten(map, condition, width)),
  }));
  return {
    width,
    whitening: Float32Array.from(map),
    // As the plan's file will have them: distances are measured in spreads, of which this is 1 in 2000.
    points: roundedToHalves(together(points, width)),
    ...ranges(samples, width),
  };
}

/** Range of every value, and how far beyond its ends another episode may well go. */
function ranges(
  samples: readonly Sample[],
  width: number,
): Pick<DriftReference, 'low' | 'high' | 'span'> {
  const groups = new Map<number, Sample[]>();
  for (const sample of samples) {
    const group = groups.get(sample.group);
    if (group) group.push(sample);
    else groups.set(sample.group, [sample]);
  }
  const [low, high, tail] = [0, 1, 2].map(() => new Float32Array(width)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  for (let i = 0; i < width; i++) {
    const ends = [...groups.values()].map((group) => group.map(({ condition }) => condition[i]!));
    const lows = ends.map((values) => Math.min(...values)).sort((a, b) => a - b);
    const highs = ends.map((values) => Math.max(...values)).sort((a, b) => b - a);
    [low[i], high[i]] = [lows[0]!, highs[0]!];
    tail[i] = (tailOf(lows) + tailOf(highs)) / 2;
  }
  const widths = high.map((value, i) => value - low[i]!);
  const usual = quantile(
    widths.filter((range) => range > 0),
    0.5,
  );
  const span = tail.map(
    (value, i) => Math.max(value, LEAST_TAIL * widths[i]!, LEAST_SPAN * usual) || 1,
  );
  return { low, high, span };
}

/**
 * How fast the values of episodes thin out towards the end, from the outermost: of an exponential tail the
 * first lies beyond the k-th by 1 + 1/2 + .. + 1/(k-1) times its scale.
 * @param ends of episodes, outermost first
 */
function tailOf(ends: readonly number[]): number {
  const k = Math.min(TAIL_EPISODES, ends.length);
  let harmonic = 0;
  for (let i = 1; i < k; i++) harmonic += 1 / i;
  return k < 2 ? 0 : Math.abs(ends[0]! - ends[k - 1]!) / harmonic;
}

/** Counts episodes from 0; where all samples are of one, ten stretches of it take their place. */
function groupsOf(episodes: ArrayLike<number>): number[] {
  const ids = [...new Set(Array.from(episodes))];
  const group = new Map(ids.map((id, i) => [id, i]));
  return Array.from(episodes, (id, i) =>
    ids.length > 1 ? group.get(id)! : Math.floor((i * MAX_FOLDS) / episodes.length),
  );
}

function raise(most: Map<number, number>, group: number, value: number): void {
  most.set(group, Math.max(most.get(group) ?? 0, value));
}

/** As many, spread evenly. */
function spread<T>(all: readonly T[], wanted: number): readonly T[] {
  if (all.length <= wanted) return all;
  return Array.from({ length: wanted }, (_, i) => all[Math.floor((i * all.length) / wanted)]!);
}

function together(
  samples: readonly { readonly condition: Float32Array }[],
  width: number,
): Float32Array {
  const whole = new Float32Array(samples.length * width);
  for (const [i, { condition }] of samples.entries()) whole.set(condition, i * width);
  return whole;
}

/** 0 of nothing. */
function quantile(values: Iterable<number>, probability: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.ceil(probability * (sorted.length - 1))] ?? 0;
}
