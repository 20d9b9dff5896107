import type { AffineRun } from '../caching/affine_run.js';
import type { GraphBuilder, Value } from './graph.js';

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
  /** Of the evaluation before, each (1, TA). */
  #before: { readonly x: Value; readonly clean: Value } | undefined;

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

  /**
   * The sample at the end of a run. What has a matrix of zeros is not looked at: a run with `clean` zero needs no
   * evaluation of the network.
   * @param x @param clean each (1, TA), at its begin
   */
  advance(run: AffineRun, x: Value, clean: Value): Value {
    const g = this.#graph;
    const size = x.shape[1]!;
    const terms = [
      { value: x, matrix: run.state },
      { value: clean, matrix: run.clean },
      { value: this.#before?.x, matrix: run.previousState },
      { value: this.#before?.clean, matrix: run.previousClean },
    ];
    this.#before = { x, clean };
    const known = this.#withoutNetwork(run, size);
    // Without a way into the result, an evaluation of the network is left out of the graph.
    const values: Value[] = [];
    const matrices: Float32Array[] = [];
    for (const { value, matrix } of terms) {
      if (!value || !matrix?.some((factor) => factor !== 0)) continue;
      values.push(value);
      matrices.push(matrix);
    }
    if (values.length === 0) return known;
    const weight = g.constant(`affine.${run.begin}.state`, [matrices.length * size, size], () =>
      stacked(matrices),
    );
    return g.gemm(g.concat(values, 1), weight, known);
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
    const steps = Array.from({ length: kept }, (_, i) => run.end - 1 - i);
    const rows = steps.map((k) => this.#noiseRows[k]!);
    const isRange = rows.every((row, i) => row === rows[0]! + i);
    const noise = isRange
      ? g.slice(this.#stepNoise, rows[0]!, rows[0]! + kept, 0)
      : g.gather(this.#stepNoise, g.integers(rows));
    const response = g.constant(`affine.${run.begin}.noise`, [kept * size, size], () =>
      stacked(
        steps.map((_, i) => {
          const at = (kept - 1 - i) * size * size;
          return run.noise.subarray(at, at + size * size);
        }),
      ),
    );
    return g.gemm(g.reshape(noise, [1, kept * size]), response, known);
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
