import type { RunOnCalibration } from '../methods/run_on_calibration.js';
import { RidgeRegression } from '../ridge_regression.js';
import { relativeChange } from './relative_change.js';

/** Degree of the polynomial, as TeaCache takes it. */
const DEGREE = 4;
/** Just enough of a ridge that powers of much the same change can be told apart. */
const STRENGTH = 1e-9;

/**
 * Fits TeaCache's polynomial (arXiv 2411.19108): from the relative change of the first block's input, a step, to
 * that of the network's output, over all steps of dense runs, sample by sample.
 * @returns coefficients, lowest order first
 */
export async function fitTeaCachePolynomial(calibration: RunOnCalibration): Promise<number[]> {
  const inputs = new Changes();
  const outputs = new Changes();
  await calibration.run(undefined, {
    onBlock: ({ block, stream, samples, firstSample }) => {
      if (block === 0) inputs.add(stream, samples, firstSample);
    },
    onOutput: ({ output, samples, firstSample }) => {
      outputs.add(output, samples, firstSample);
    },
  });
  const pairs = inputs.all
    .map((x, i) => ({ x, y: outputs.all[i]! }))
    .filter(({ x, y }) => Number.isFinite(x) && Number.isFinite(y));
  const largest = pairs.reduce((most, { x }) => Math.max(most, x), 0) || 1;
  const fit = new RidgeRegression(DEGREE, 1);
  for (const { x, y } of pairs) {
    const powers = Array.from({ length: DEGREE }, (_, i) => (x / largest) ** (i + 1));
    fit.add(powers, [y]);
  }
  const { weight, bias } = fit.solve(STRENGTH);
  return [bias[0]!, ...weight].map((value, power) => value / largest ** power);
}

/** Relative changes from step to step, sample by sample, in the order they come. */
class Changes {
  readonly all: number[] = [];
  /** Per sample, its tensor at the step before. */
  readonly #before = new Map<number, Float32Array>();

  /** @param values (n, ...) of n samples from `first` on */
  add(values: Float32Array, samples: number, first: number): void {
    const size = values.length / samples;
    for (let i = 0; i < samples; i++) {
      const now = values.slice(i * size, (i + 1) * size);
      const before = this.#before.get(first + i);
      if (before) this.all.push(relativeChange(now, before));
      this.#before.set(first + i, now);
    }
  }
}
