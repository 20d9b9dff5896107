import { type DenoiserWeights, LAYER_NORM_EPSILON } from './denoiser_weights.js';
import type { GraphBuilder, Value } from './graph.js';
import { foldNorm } from './layers.js';
import {
  below,
  beside,
  map,
  type Matrix,
  matrix,
  multiply,
  orthonormalRows,
  toFloat32,
  transpose,
} from './linalg.js';
import type { PredictionFactors } from './solver_graph.js';

/**
 * A step without an update is embed, add the stored branches C, LayerNorm, head:
 *
 *     m = head(LN(x We + C))
 *
 * Only A directions of x We and A directions of the head's input ever matter, and of C its part in those
 * directions and the length of the rest, which LayerNorm divides by. So the whole step is carried out,
 * exactly, in a space of about 2A + 3 dimensions instead of E:
 *
 * * B (r, E): orthonormal basis of the centred rows of We and columns of the head, r <= 2A;
 * * a row h of x We + C, centred, becomes [h B^T, |h - h B^T B|], of the same length as h;
 * * these r + 1 numbers are turned into r + 2 whose mean is zero, so that LayerNorm, which subtracts the
 *   mean, leaves them alone;
 * * one dimension more is 0 before and 1 after LayerNorm (by its scale and shift): it carries the head's
 *   bias.
 *
 * LayerNorm divides by sqrt(|h|^2 / E + eps); over W dimensions it is the same up to the factor
 * sqrt(E / W), which the head takes, with eps E / W for eps.
 */
export class ReuseSpace {
  /** W, dimensions of the space. */
  readonly width: number;
  readonly #graph: GraphBuilder;
  readonly #embedding: number;
  /** (r + 1, E): B, then the direction of the mean. */
  readonly #basis: Matrix;
  /** (r + 1, W): rotates coordinates into the mean-free space; the mean's own row is zero. */
  readonly #rotation: Matrix;
  /** (1, W): where the length of the rest goes. */
  readonly #restDirection: Matrix;
  /** (A, W) */
  readonly #embed: Matrix;
  /** (W, A), the bias in the last row. */
  readonly #head: Matrix;

  constructor(graph: GraphBuilder, weights: DenoiserWeights) {
    this.#graph = graph;
    const e = weights.positions.columns;
    this.#embedding = e;
    const head = foldNorm(weights.finalNorm, weights.head);
    const embedding = centred(weights.inputEmbedding.weight);
    const basis = orthonormalRows(below([embedding, centred(transpose(head.weight))]));
    const r = basis.rows;
    this.width = r + 3;
    const mean = matrix(1, e, new Float64Array(e).fill(1 / Math.sqrt(e)));
    this.#basis = below([basis, mean]);
    const zeroMean = meanFreeRotation(r + 1, this.width);
    const rows = (begin: number, end: number): Matrix =>
      matrix(end - begin, this.width, zeroMean.data.slice(begin * this.width, end * this.width));
    this.#rotation = below([rows(0, r), matrix(1, this.width, new Float64Array(this.width))]);
    this.#restDirection = rows(r, r + 1);
    this.#embed = multiply(multiply(embedding, transpose(basis)), rows(0, r));
    const factor = Math.sqrt(e / this.width);
    const projected = multiply(multiply(transpose(rows(0, r)), basis), head.weight);
    const last = (this.width - 1) * projected.columns;
    this.#head = map(projected, (value) => value * factor);
    this.#head.data.set(head.bias, last);
  }

  /** Whether the space is small enough to be worth the way into it. */
  get worthwhile(): boolean {
    return this.width <= this.#embedding / 2;
  }

  /** Carries positions + biases + stored branches over: (T, E) -> (T, W). Once per run of reuse steps. */
  enter(stored: Value): Value {
    const g = this.#graph;
    const basis = g.constant('reuse.basis', [this.#basis.rows, this.#embedding], () =>
      toFloat32(this.#basis),
    );
    const coordinates = g.gemm(stored, basis, undefined, { transB: true });
    const rest = g.rowNorms(g.gemm(coordinates, basis, stored, { alpha: -1 }));
    const direction = g.constant('reuse.rest', [1, this.width], () =>
      toFloat32(this.#restDirection),
    );
    const rotation = g.constant('reuse.rotation', [this.#rotation.rows, this.width], () =>
      toFloat32(this.#rotation),
    );
    return g.gemm(coordinates, rotation, g.gemm(rest, direction));
  }

  /**
   * outputFactor * network(scale * sample) + sampleFactor * sample, three nodes.
   * @param sample (T, A)
   * @param entered what `enter` returned, (T, W)
   */
  output(sample: Value, entered: Value, factors: PredictionFactors): Value {
    const g = this.#graph;
    const embed = g.constant('reuse.embedding', [this.#embed.rows, this.width], () =>
      toFloat32(this.#embed),
    );
    const last = (on: number, off: number): (() => Float32Array) => {
      return () => new Float32Array(this.width).fill(off).fill(on, -1);
    };
    const normed = g.layerNorm(
      g.gemm(sample, embed, entered, { alpha: factors.scale }),
      g.constant('reuse.scale', [this.width], last(0, 1)),
      g.constant('reuse.shift', [this.width], last(1, 0)),
      (LAYER_NORM_EPSILON * this.#embedding) / this.width,
    );
    const head = g.constant('reuse.head', [this.width, this.#head.columns], () =>
      toFloat32(this.#head),
    );
    return factors.sample === 0
      ? g.gemm(normed, head, undefined, { alpha: factors.output })
      : g.gemm(normed, head, sample, { alpha: factors.output, beta: factors.sample });
  }
}

/** Every row minus its mean. */
function centred(a: Matrix): Matrix {
  const means = Array.from({ length: a.rows }, (_, row) => {
    const values = a.data.subarray(row * a.columns, (row + 1) * a.columns);
    return (values as Float64Array).reduce((sum, value) => sum + value, 0) / a.columns;
  });
  return map(a, (value, row) => value - means[row]!);
}

/** `rows` orthonormal rows of `width` numbers with mean zero and a zero at the end; width > rows + 1. */
function meanFreeRotation(rows: number, width: number): Matrix {
  // The ones vector first, then the unit vectors: Gram-Schmidt keeps what is orthogonal to the ones.
  const seed = map(
    matrix(rows + 1, width - 1, new Float64Array((rows + 1) * (width - 1))),
    (_, i, j) => (i === 0 ? 1 : Number(i - 1 === j)),
  );
  const basis = orthonormalRows(seed);
  const kept = matrix(rows, width - 1, basis.data.slice(width - 1));
  return beside([kept, matrix(rows, 1, new Float64Array(rows))]);
}
