import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { Interval } from './report_facts.js';

/** Executed actions of the same observations from two noises, each (N, Ta, A), physical. */
export type TwoDraws = readonly [Float32Array, Float32Array];

const RESAMPLES = 1000;

/**
 * How far apart what a plan draws and what dense draws are as distributions: the energy distance of Szekely and
 * Rizzo (2013), per observation, averaged over observations:
 *
 *     2 E|X - Y| - E|X - X'| - E|Y - Y'|,    |.| the root mean square over steps and joints,
 *
 * X, X' chunks of dense and Y, Y' of the plan from independent noises. It is 0 when both draw from the same
 * distribution, whatever the solver, while an error against dense from the same noise is not. With two draws of
 * each it is unbiased, so that it may come out below 0.
 * @param seed of the bootstrap over observations
 */
export function energyDistance(
  dense: TwoDraws,
  plan: TwoDraws,
  samples: number,
  seed: number,
): Interval {
  const [x, x2] = dense;
  const [y, y2] = plan;
  const size = x.length / samples;
  const apart = (a: Float32Array, b: Float32Array, i: number): number => {
    let sum = 0;
    for (let j = i * size; j < (i + 1) * size; j++) sum += (a[j]! - b[j]!) ** 2;
    return Math.sqrt(sum / size);
  };
  const values = Array.from(
    { length: samples },
    // Only pairs from different noises: those of the same noise are not independent.
    (_, i) => apart(x, y2, i) + apart(x2, y, i) - apart(x, x2, i) - apart(y, y2, i),
  );
  const generator = xoroshiro128plus(seed);
  const any = (): number => values[(generator.next() >>> 0) % samples]!;
  const means = Array.from({ length: RESAMPLES }, () => {
    let sum = 0;
    for (let n = 0; n < samples; n++) sum += any();
    return sum / samples;
  }).sort((a, b) => a - b);
  return {
    value: values.reduce((sum, value) => sum + value, 0) / samples,
    low: means[Math.floor(0.025 * RESAMPLES)]!,
    high: means[Math.ceil(0.975 * RESAMPLES) - 1]!,
  };
}
