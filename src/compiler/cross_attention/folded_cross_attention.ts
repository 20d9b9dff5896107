import type { Architecture } from '../../policy/manifest.js';
import { observationTokens, perceptronMemory, timeMemory } from '../condition_tokens.js';
import type { DenoiserWeights, Linear } from '../denoiser_weights.js';
import type { GraphBuilder, Value } from '../graph.js';
import { additiveMask, besideLinear, foldNorm, linear } from '../layers.js';
import {
  columns,
  map,
  type Matrix,
  multiply,
  plus,
  rowVector,
  toFloat32,
  transpose,
} from '../linalg.js';
import type { CrossAttention, StepConstant } from './cross_attention.js';
import { memoryMask } from './memory_mask.js';

/**
 * Few condition tokens: keys are folded into the query projection and the output projection into the
 * values, so that a block costs two products with (E, heads * keys) matrices instead of two with (E, E):
 *
 *     score_h = LN(x) (Wq_h K_h^T / sqrt(d)) + (bq_h K_h^T / sqrt(d) + mask)
 *     branch  = sum_h softmax(score_h) (V_h Wo_h) + bo
 *
 * The columns of the time token are constants of the step, those of the observations constants of the
 * chunk; both are zero where the other is not, and their sum is used.
 */
export class FoldedCrossAttention implements CrossAttention {
  readonly stepConstants: readonly StepConstant[];
  readonly #graph: GraphBuilder;
  readonly #weights: DenoiserWeights;
  readonly #a: Architecture;
  readonly #queries: readonly Linear[];
  readonly #headSize: number;
  readonly #keys: number;
  readonly #timeMemory = new Map<number, Matrix>();

  constructor(
    graph: GraphBuilder,
    weights: DenoiserWeights,
    a: Architecture,
    timesteps: readonly number[],
  ) {
    this.#graph = graph;
    this.#weights = weights;
    this.#a = a;
    this.#headSize = a.embedding / a.heads;
    this.#keys = 1 + a.n_obs_steps;
    this.#queries = weights.layers.map((layer) =>
      foldNorm(layer.norm2, layer.crossAttention.query),
    );
    const columnsOfAll = a.heads * this.#keys;
    const time = new Map<string, TimeColumns>();
    const folded = (k: number, layer: number): TimeColumns => {
      const key = `${k}.${layer}`;
      const known = time.get(key) ?? this.#foldTime(this.#memory(timesteps[k]!), layer);
      time.set(key, known);
      return known;
    };
    this.stepConstants = [
      {
        name: 'scores',
        shape: [a.embedding, columnsOfAll],
        perLayer: true,
        data: (k, layer) => folded(k, layer).scores,
      },
      {
        name: 'bias',
        shape: [a.horizon, columnsOfAll],
        perLayer: true,
        data: (k, layer) => folded(k, layer).bias,
      },
      {
        name: 'values',
        shape: [columnsOfAll, a.embedding],
        perLayer: true,
        data: (k, layer) => folded(k, layer).values,
      },
    ];
  }

  prepare(condition: Value): Value[] {
    const { embedding: e, heads, layers, n_obs_steps: observations } = this.#a;
    const [g, d, keys] = [this.#graph, this.#headSize, this.#keys];
    const tokens = observationTokens(g, this.#weights, this.#a, condition);
    const memory = perceptronMemory(g, this.#weights, tokens);
    const attention = this.#weights.layers.map((layer) => layer.crossAttention);
    const scale = 1 / Math.sqrt(d);
    // (To, L E) -> (L, heads, d, To) and (L, heads, To, d)
    const perHead = (name: string, parts: readonly Linear[], order: readonly number[]): Value => {
      const projected = linear(g, name, besideLinear(parts), memory);
      return g.transpose(g.reshape(projected, [observations, layers, heads, d]), order);
    };
    const k = perHead(
      'cross.keys',
      attention.map((part) => part.key),
      [1, 2, 3, 0],
    );
    const v = perHead(
      'cross.values',
      attention.map((part) => part.value),
      [1, 2, 0, 3],
    );
    const queryWeight = g.constant('cross.query.weight', [layers, heads, e, d], () =>
      stackHeads(
        this.#queries.map((query) => scaled(query.weight, scale)),
        heads,
        'columns',
      ),
    );
    const queryBias = g.constant('cross.query.bias', [layers, heads, 1, d], () =>
      stackHeads(
        this.#queries.map((query) => scaled(rowVector(query.bias), scale)),
        heads,
        'columns',
      ),
    );
    const outputWeight = g.constant('cross.output.weight', [layers, heads, d, e], () =>
      stackHeads(
        attention.map((part) => part.output.weight),
        heads,
        'rows',
      ),
    );
    const zeros = (shape: number[]): Value =>
      g.constant(
        `zeros_${shape.join('_')}`,
        shape,
        () => new Float32Array(shape.reduce((x, y) => x * y)),
      );
    // A zero column where the time token stands, then (L, heads, E, keys) -> (L, E, heads keys).
    const scores = g.concat([zeros([layers, heads, e, 1]), g.matmul(queryWeight, k)], 3);
    const bias = g.concat([zeros([layers, heads, 1, 1]), g.matmul(queryBias, k)], 3);
    const values = g.concat([zeros([layers, heads, 1, e]), g.matmul(v, outputWeight)], 2);
    return [
      g.reshape(g.transpose(scores, [0, 2, 1, 3]), [layers, e, heads * keys]),
      g.reshape(bias, [layers, 1, heads * keys]),
      g.reshape(values, [layers, heads * keys, e]),
    ];
  }

  branch(layer: number, normed: Value, prepared: readonly Value[], step: readonly Value[]): Value {
    const [g, { horizon, heads }] = [this.#graph, this.#a];
    const [scores, bias, values] = prepared.map((part, i) => g.add(step[i]!, part)) as [
      Value,
      Value,
      Value,
    ];
    const weights = g.softmax(
      g.reshape(g.gemm(normed, scores, bias), [horizon * heads, this.#keys]),
    );
    const { bias: outputBias } = this.#weights.layers[layer]!.crossAttention.output;
    return g.gemm(
      g.reshape(weights, [horizon, heads * this.#keys]),
      values,
      g.constant(`cross.${layer}.out.bias`, [outputBias.length], () => outputBias),
    );
  }

  #memory(timestep: number): Matrix {
    const known = this.#timeMemory.get(timestep) ?? timeMemory(this.#weights, this.#a, timestep);
    this.#timeMemory.set(timestep, known);
    return known;
  }

  /** The constant columns of a step's time token. @param token (1, E) */
  #foldTime(token: Matrix, layer: number): TimeColumns {
    const { embedding: e, heads, horizon } = this.#a;
    const [d, keys] = [this.#headSize, this.#keys];
    const { key, value, output } = this.#weights.layers[layer]!.crossAttention;
    const query = this.#queries[layer]!;
    const keyRow = plus(multiply(token, key.weight), rowVector(key.bias)).data;
    const valueRow = plus(multiply(token, value.weight), rowVector(value.bias)).data;
    const scores = new Float32Array(e * heads * keys);
    const values = new Float32Array(heads * keys * e);
    const sees = memoryMask(this.#a);
    const bias = additiveMask(
      horizon,
      heads * keys,
      (t, column) => sees?.(t, column % keys) ?? true,
    );
    for (let head = 0; head < heads; head++) {
      const part = (row: ArrayLike<number>, begin: number): number => {
        let sum = 0;
        for (let i = 0; i < d; i++) sum += row[begin + i]! * keyRow[head * d + i]!;
        return sum / Math.sqrt(d);
      };
      for (let row = 0; row < e; row++) {
        scores[row * heads * keys + head * keys] = part(query.weight.data, row * e + head * d);
      }
      for (let t = 0; t < horizon; t++) {
        bias[t * heads * keys + head * keys]! += part(query.bias, head * d);
      }
      for (let column = 0; column < e; column++) {
        let sum = 0;
        for (let i = 0; i < d; i++) {
          sum += valueRow[head * d + i]! * output.weight.data[(head * d + i) * e + column]!;
        }
        values[head * keys * e + column] = sum;
      }
    }
    return { scores, bias, values };
  }
}

interface TimeColumns {
  readonly scores: Float32Array;
  readonly bias: Float32Array;
  readonly values: Float32Array;
}

function scaled(a: Matrix, factor: number): Matrix {
  return map(a, (value) => value * factor);
}

/** Cuts each matrix into heads along its columns or rows and lays the pieces out one after another. */
function stackHeads(
  parts: readonly Matrix[],
  heads: number,
  along: 'columns' | 'rows',
): Float32Array {
  const pieces = parts.flatMap((part) => {
    const across = along === 'columns' ? part : transpose(part);
    const size = across.columns / heads;
    return Array.from({ length: heads }, (_, head) => {
      const piece = columns(across, head * size, (head + 1) * size);
      return toFloat32(along === 'columns' ? piece : transpose(piece));
    });
  });
  const stacked = new Float32Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    stacked.set(piece, at);
    at += piece.length;
  }
  return stacked;
}
