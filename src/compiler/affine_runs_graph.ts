import { type AffineRun, affineTerms } from '../caching/affine_run.js';
import { knownRun } from '../policy/inpainting.js';
import type { DenoisingStep } from '../policy/noise_schedule.js';
import type { GraphBuilder, Value } from './graph.js';
import type { KnownValue } from './inpainting_graph.js';

/** What is known of an evaluation, each (1, TA): the sample, where the network was asked, the clipped clean sample. */
export interface EvaluatedValues {
  readonly x: Value;
  readonly asked: Value;
  readonly clean: Value;
}

/**
 * The affine correction in the graph: one product per run of denoising steps, see {@link AffineRun}. What does
 * not depend on the network (condition and noise) waits for nobody and is computed beside it.
 */
export class AffineRunsGraph {
  readonly #graph: GraphBuilder;
  /** (1, To Dc) */
  readonly #condition: Value;
  /** (K, TA), K of the policy */
  readonly #stepNoise: Value;
  readonly #noiseRows: readonly number[];

  constructor(
    graph: GraphBuilder,
    condition: Value,
    stepNoise: Value,
    noiseRows: readonly number[],
  ) {
    this.#graph = graph;
    this.#condition = graph.reshape(condition, [
      1,
      condition.shape.reduce((product, size) => product * size),
    ]);
    this.#stepNoise = stepNoise;
    this.#noiseRows = noiseRows;
  }

  /** Where the network is asked at a run's begin, (1, TA): the sample, or looking ahead. */
  asked({ begin, end, lookAhead }: AffineRun, x: Value): Value {
    if (!lookAhead) return x;
    const g = this.#graph;
    const { weights, scale } = lookAhead;
    const factors = g.constant(`affine.${begin}.look_ahead`, [1, weights.length], () =>
      weights.map((weight) => scale * weight).reverse(),
    );
    const ahead = g.matmul(factors, this.#noiseOf(end - weights.length, end));
    return g.add(scale === 1 ? x : g.binary('Mul', x, g.scalar(scale)), ahead);
  }

  /**
   * The sample at the end of a run. What has a matrix of zeros is not looked at: a run with `clean` zero needs no
   * evaluation of the network.
   * @param before the evaluation before, if there was one
   */
  advance(run: AffineRun, now: EvaluatedValues, before?: EvaluatedValues): Value {
    const g = this.#graph;
    const size = now.x.shape[1]!;
    const known = this.#withoutNetwork(run, size);
    // Without a way into the result, an evaluation of the network is left out of the graph.
    const values: Value[] = [];
    const matrices: Float32Array[] = [];
    for (const [value, matrix] of affineTerms(run, now, before)) {
      if (!matrix.some((factor) => factor !== 0)) continue;
      values.push(value);
      matrices.push(matrix);
    }
    if (values.length === 0) return known;
    const weight = g.constant(`affine.${run.begin}.state`, [matrices.length * size, size], () =>
      stacked(matrices),
    );
    return g.gemm(g.concat(values, 1), weight, known);
  }

  /** The sample at the end of a run where it is known, (1, TA), of the same noise. */
  known({ begin, end }: AffineRun, steps: readonly DenoisingStep[], x: Value): KnownValue {
    const g = this.#graph;
    const { state, clean, noise } = knownRun(steps, begin, end);
    const terms: Value[] = [];
    if (state !== 0) terms.push(g.binary('Mul', x, g.scalar(state)));
    if (noise.some((factor) => factor !== 0)) {
      const factors = g.constant(`known.${begin}.noise`, [1, noise.length], () => noise.reverse());
      terms.push(g.matmul(factors, this.#noiseOf(begin, end)));
    }
    return terms.length === 0 ? { clean } : { clean, rest: g.sum(terms) };
  }

  /** Offset, condition and noise: (1, TA). */
  #withoutNetwork(run: AffineRun, size: number): Value {
    const g = this.#graph;
    const weight = g.constant(
      `affine.${run.begin}.condition`,
      [this.#condition.shape[1]!, size],
      () => run.condition,
    );
    const offset = g.constant(`affine.${run.begin}.offset`, [1, size], () => run.offset);
    const known = g.gemm(this.#condition, weight, offset);
    const kept = run.noise.length / size / size;
    if (kept === 0) return known;
    // Rows ascend while steps descend: the matrices are put in the order of the rows.
    const response = g.constant(`affine.${run.begin}.noise`, [kept * size, size], () =>
      stacked(
        Array.from({ length: kept }, (_, i) => {
          const at = (kept - 1 - i) * size * size;
          return run.noise.subarray(at, at + size * size);
        }),
      ),
    );
    const noise = this.#noiseOf(run.end - kept, run.end);
    return g.gemm(g.reshape(noise, [1, kept * size]), response, known);
  }

  /** Noise of the steps from `begin` to before `end`, the last one first: (end - begin, TA). */
  #noiseOf(begin: number, end: number): Value {
    const g = this.#graph;
    const rows = Array.from({ length: end - begin }, (_, i) => this.#noiseRows[end - 1 - i]!);
    const isRange = rows.every((row, i) => row === rows[0]! + i);
    return isRange
      ? g.slice(this.#stepNoise, rows[0]!, rows[0]! + rows.length, 0)
      : g.gather(this.#stepNoise, g.integers(rows));
  }
}

function stacked(matrices: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(matrices.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const matrix of matrices) {
    whole.set(matrix, at);
    at += matrix.length;
  }
  return whole;
}
