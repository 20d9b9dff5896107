import { z } from 'zod';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { ExecutedJoint } from './executed_joints.js';
import { quantiles } from './quantiles.js';

const error = z.number().nonnegative();

/** A value with its 95 % interval over episodes. */
const interval = z.strictObject({ value: error, low: error, high: error });

/**
 * How far the executed actions of a plan are from those of the dense policy with the same noise, in physical
 * units. Where joints have several units, `rms` and `per_sample` mix them; `units` and `joints` do not.
 */
export const errorStatisticsField = z.strictObject({
  /** N. */
  samples: z.int().positive(),
  /** Over how many episodes the samples are spread; intervals come from drawing these anew. */
  episodes: z.int().positive(),
  /** Root of the mean square over samples, executed steps and joints. */
  rms: interval,
  /** Quantiles of the samples' own root mean squares. */
  per_sample: z.strictObject({ p50: interval, p95: interval, p99: interval, max: error }),
  /** Root mean square over the joints of each unit. */
  units: z.record(z.string(), error),
  joints: z.array(
    z.strictObject({
      name: z.string(),
      unit: z.string(),
      rms: error,
      /** Of a two-valued joint: share of executed steps on the other side of its threshold. */
      flips: error.max(1).optional(),
    }),
  ),
  /** Root mean square of each executed step, the first to the last of a chunk. */
  steps: z.array(error).min(1),
  /** Share of the executed steps of all two-valued joints; null where there is none. */
  flips: error.max(1).nullable(),
});

/** See {@link errorStatisticsField}. */
export type ErrorStatistics = z.infer<typeof errorStatisticsField>;

/** Whose actions are compared. */
export interface ComparedActions {
  /** Executed, physical units, (N, Ta, A). */
  readonly plan: Float32Array;
  /** The same with the same noise, every block at every step. */
  readonly dense: Float32Array;
}

export interface ErrorStatisticsOptions {
  /** Of each sample; absent = each is one of its own. */
  readonly episodes?: ArrayLike<number>;
  /** Of the resampling. */
  readonly seed?: number;
  /** How often episodes are drawn anew. */
  readonly resamples?: number;
}

const QUANTILES = [0.5, 0.95, 0.99] as const;
const RESAMPLES = 1000;
const INTERVAL = [0.025, 0.975] as const;

/**
 * Statistics of a plan's error.
 * @param joints A of them
 * @throws RangeError when the actions are not (N, Ta, A) with N > 0
 */
export function errorStatistics(
  { plan, dense }: ComparedActions,
  { joints, steps }: { readonly joints: readonly ExecutedJoint[]; readonly steps: number },
  { episodes, seed = 0, resamples = RESAMPLES }: ErrorStatisticsOptions = {},
): ErrorStatistics {
  const size = steps * joints.length;
  const samples = plan.length / size;
  const fits = Number.isInteger(samples) && samples > 0 && dense.length === plan.length;
  if (!fits || (episodes && episodes.length !== samples)) {
    throw new RangeError('actions and episodes are not of the same samples');
  }
  const squares = Float64Array.from(plan, (value, i) => (value - dense[i]!) ** 2);
  /** Mean square of the elements that `of` picks out of one sample. */
  const meanSquare = (of: (step: number, joint: number) => boolean): number => {
    const kept = squares.filter((_, i) =>
      of(Math.floor((i % size) / joints.length), i % joints.length),
    );
    return mean(kept);
  };
  const perSample = Float64Array.from({ length: samples }, (_, i) =>
    mean(squares.subarray(i * size, (i + 1) * size)),
  );
  const flips = joints.map((joint, j) => flipsOf(joint, j, joints.length, { plan, dense }));
  const known = flips.filter((share) => share !== undefined);
  const groups = byEpisode(perSample, episodes);
  const draws = resampled(groups, seed, resamples);
  const [rms, p50, p95, p99] = summary([...perSample]).map((value, i) => ({
    value,
    ...intervalOf(draws.map((draw) => draw[i]!)),
  })) as [Interval, Interval, Interval, Interval];
  const max = Math.sqrt(perSample.reduce((a, b) => Math.max(a, b)));
  return {
    samples,
    episodes: groups.length,
    rms,
    per_sample: { p50, p95, p99, max },
    units: Object.fromEntries(
      [...new Set(joints.map(({ unit }) => unit))].map((unit) => [
        unit,
        Math.sqrt(meanSquare((_, j) => joints[j]!.unit === unit)),
      ]),
    ),
    joints: joints.map(({ name, unit }, at) => ({
      name,
      unit,
      rms: Math.sqrt(meanSquare((_, j) => j === at)),
      ...(flips[at] !== undefined && { flips: flips[at] }),
    })),
    steps: Array.from({ length: steps }, (_, at) => Math.sqrt(meanSquare((step) => step === at))),
    flips: known.length > 0 ? mean(known) : null,
  };
}

type Interval = z.infer<typeof interval>;

/** Root of the mean and {@link QUANTILES} of the roots. */
function summary(perSample: readonly number[]): number[] {
  return [mean(perSample), ...quantiles(perSample, QUANTILES)].map(Math.sqrt);
}

function byEpisode(perSample: Float64Array, episodes?: ArrayLike<number>): number[][] {
  if (!episodes) return [...perSample].map((value) => [value]);
  const groups = new Map<number, number[]>();
  for (const [i, value] of perSample.entries()) {
    const group = groups.get(episodes[i]!);
    if (group) group.push(value);
    else groups.set(episodes[i]!, [value]);
  }
  return [...groups.values()];
}

/** Summaries of as many episodes, drawn with replacement: samples of one episode are not independent. */
function resampled(groups: readonly number[][], seed: number, resamples: number): number[][] {
  const generator = xoroshiro128plus(seed);
  const pick = (): number[] => groups[(generator.next() >>> 0) % groups.length]!;
  return Array.from({ length: resamples }, () => summary(groups.flatMap(pick)));
}

function intervalOf(values: readonly number[]): { low: number; high: number } {
  const [low, high] = quantiles(values, INTERVAL) as [number, number];
  return { low, high };
}

function flipsOf(
  { threshold }: ExecutedJoint,
  joint: number,
  joints: number,
  { plan, dense }: ComparedActions,
): number | undefined {
  if (threshold === undefined) return undefined;
  let flips = 0;
  for (let i = joint; i < plan.length; i += joints) {
    if (plan[i]! > threshold !== dense[i]! > threshold) flips++;
  }
  return (flips * joints) / plan.length;
}

function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}
