import type { DenoisingStep } from '../policy/noise_schedule.js';
import type { Trajectories } from '../caching/trajectories.js';
import type { MatrixProducts } from '../inference/matrix_products.js';
import {
  cholesky,
  product,
  solveLowerColumns,
  solveUpperColumns,
} from '../caching/linear_algebra.js';
import type { NestedRidge } from './nested_ridge.js';

/** Responses weaker than this, relative to the strongest of a run, have faded away. */
const NEGLIGIBLE = 1e-5;

/**
 * How the noise that is added between an evaluation and later steps spreads. The clean sample of step t is
 * nearly affine in its noisy sample, with what was known at the evaluation held fixed: A_t. So the part w of the
 * sample that comes from noise since the evaluation goes by w' = w (c0 A_t + c1 I) + sigma z.
 */
export class NoiseResponse {
  /** Evaluation's step. */
  readonly begin: number;
  readonly #steps: readonly DenoisingStep[];
  readonly #size: number;
  /** Per step from `begin` + 1 on, c0 A_t + c1 I, (TA, TA). */
  readonly #transitions: readonly Float64Array[];
  /** Per step from `begin` on to the last, w of all samples before it, (N, TA); the last one after it. */
  readonly #spread: readonly Float32Array[];

  private constructor(
    begin: number,
    steps: readonly DenoisingStep[],
    size: number,
    transitions: readonly Float64Array[],
    spread: readonly Float32Array[],
  ) {
    this.begin = begin;
    this.#steps = steps;
    this.#size = size;
    this.#transitions = transitions;
    this.#spread = spread;
  }

  /**
   * @param known regression on what is known at the evaluation, of the dense trajectory
   * @param shared the leading columns of a sample that each of its values may depend on
   * @param strength of the ridge, relative to the number of rows
   */
  static async fit(
    begin: number,
    trajectories: Trajectories,
    steps: readonly DenoisingStep[],
    known: NestedRidge,
    reach: readonly number[],
    strength: number,
    products: MatrixProducts,
  ): Promise<NoiseResponse> {
    const { samples, states, clean } = trajectories;
    const size = states[0]!.length / samples;
    const transitions: Float64Array[] = [];
    const spread: Float32Array[] = [new Float32Array(samples * size)];
    const isNoisy = steps.some(({ sigma }) => sigma > 0);
    for (let t = begin; t < steps.length; t++) {
      const { c0, c1 } = steps[t]!;
      const after = addedNoise(trajectories, steps, t);
      if (t > begin && isNoisy) {
        const x = await known.residuals(states[t]!);
        const v = await known.residuals(clean[t]!);
        const rows = x.length / size;
        const gram = await products.multiply(x, x, [size, rows, size], true);
        const cross = await products.multiply(x, v, [size, rows, size], true);
        const slope = nestedSolution(gram, cross, size, reach, strength * rows);
        const transition = slope.map((value) => c0 * value);
        for (let i = 0; i < size; i++) transition[i * size + i]! += c1;
        transitions.push(transition);
        const moved = await products.multiply(spread.at(-1)!, Float32Array.from(transition), [
          samples,
          size,
          size,
        ]);
        for (let i = 0; i < after.length; i++) after[i]! += moved[i]!;
      }
      spread.push(after);
    }
    return new NoiseResponse(begin, steps, size, transitions, spread);
  }

  /** The part of every sample at step `end` that comes from noise since the evaluation, (N, TA). */
  at(end: number): Float32Array {
    return this.#spread[end - this.begin]!;
  }

  /**
   * S_k of the run up to `end`, (n, TA, TA), without the first ones that have faded away. Made when asked for; until
   * then it keeps the transitions alive, not what belongs to samples.
   */
  matrices(end: number): () => Float32Array {
    const [size, begin, steps, transitions] = [
      this.#size,
      this.begin,
      this.#steps,
      this.#transitions,
    ];
    return () => responseMatrices(size, transitions, steps.slice(begin, end));
  }
}

/** @param steps of the run @param transitions of its steps but the first, and more */
function responseMatrices(
  size: number,
  transitions: readonly Float64Array[],
  steps: readonly DenoisingStep[],
): Float32Array {
  let response = identity(size);
  const matrices: Float64Array[] = [];
  for (let i = steps.length - 1; i >= 0; i--) {
    const { sigma } = steps[i]!;
    matrices.unshift(response.map((value) => sigma * value));
    const transition = transitions[i - 1];
    if (transition) response = product(transition, response, size, size, size);
  }
  const strengths = matrices.map((matrix) => matrix.reduce((sum, value) => sum + value ** 2, 0));
  const least = NEGLIGIBLE ** 2 * Math.max(...strengths);
  const kept = matrices.slice(strengths.findIndex((strength) => strength >= least));
  const whole = new Float32Array(kept.length * size * size);
  kept.forEach((matrix, i) => whole.set(matrix, i * size * size));
  return whole;
}

/** sigma z that a step added, (N, TA), from the trajectory itself. */
export function addedNoise(
  { states, clean }: Trajectories,
  steps: readonly DenoisingStep[],
  k: number,
): Float32Array {
  const { c0, c1, sigma } = steps[k]!;
  const [x, v] = [states[k]!, clean[k]!];
  if (sigma === 0) return new Float32Array(x.length);
  return states[k + 1]!.map((value, i) => value - c0 * v[i]! - c1 * x[i]!);
}

function identity(size: number): Float64Array {
  const matrix = new Float64Array(size * size);
  for (let i = 0; i < size; i++) matrix[i * size + i] = 1;
  return matrix;
}

/**
 * Ridge regression of every column on the leading inputs that it may depend on.
 * @param gram (n, n) and cross (n, n) of inputs with inputs, and with outputs
 * @param reach per column, how many of the leading inputs
 */
function nestedSolution(
  gram: Float32Array,
  cross: Float32Array,
  n: number,
  reach: readonly number[],
  ridge: number,
): Float64Array {
  // Relative to each input's size, as where the inputs are standardised.
  const scale = Float64Array.from({ length: n }, (_, i) =>
    gram[i * n + i]! > 0 ? 1 / Math.sqrt(gram[i * n + i]!) : 0,
  );
  const lower = Float64Array.from(
    gram,
    (value, i) => value * scale[Math.floor(i / n)]! * scale[i % n]!,
  );
  for (let i = 0; i < n; i++) lower[i * n + i]! += ridge;
  cholesky(lower, n);
  const solution = Float64Array.from(cross, (value, i) => value * scale[Math.floor(i / n)]!);
  solveLowerColumns(lower, n, solution);
  for (let row = 0; row < n; row++) {
    for (let c = 0; c < n; c++) if (row >= reach[c]!) solution[row * n + c] = 0;
  }
  solveUpperColumns(lower, n, solution);
  return solution.map((value, i) => value * scale[Math.floor(i / n)]!);
}
