import type { Architecture } from '../../policy/manifest.js';
import { observationTokens, perceptronMemory, timeMemory } from '../condition_tokens.js';
import type { DenoiserWeights, Linear } from '../denoiser_weights.js';
import type { GraphBuilder, Value } from '../graph.js';
import type { Int8Blocks } from '../int8_blocks.js';
import { int8MatMul, linearIn } from '../int8_layers.js';
import { besideLinear, foldNorm } from '../layers.js';
import {
  below,
  columns,
  map,
  type Matrix,
  rowVector,
  scaleRows,
  toFloat32,
  transpose,
} from '../linalg.js';
import type { CrossAttention, StepConstant } from './cross_attention.js';
import { type Eviction, memoryMask } from './memory_mask.js';
import { type TimeColumns, timeColumns } from './time_columns.js';

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
  /** Query projections of all layers, LayerNorm and 1 / sqrt(d) folded in. */
  readonly #queries: readonly Linear[];
  readonly #headSize: number;
  readonly #keys: number;
  /** Of what is computed once per chunk; the rest changes with the observation and stays in fp32. */
  readonly #int8: boolean;

  constructor(
    graph: GraphBuilder,
    weights: DenoiserWeights,
    a: Architecture,
    timesteps: readonly number[],
    int8: Int8Blocks,
    eviction?: Eviction,
  ) {
    this.#graph = graph;
    this.#weights = weights;
    this.#a = a;
    this.#headSize = a.embedding / a.heads;
    this.#keys = 1 + a.n_obs_steps;
    this.#int8 = int8.hasCrossAttention(a.layers);
    const queries = weights.layers.map(({ norm2, crossAttention }) =>
      foldNorm(norm2, crossAttention.query),
    );
    const root = Math.sqrt(this.#headSize);
    this.#queries = queries.map(({ weight, bias }) => ({
      weight: map(weight, (value) => value / root),
      bias: toFloat32(map(rowVector(bias), (value) => value / root)),
    }));
    const tokens = new Map<number, Matrix>();
    const time = new Map<string, TimeColumns>();
    const folded = (k: number, layer: number): TimeColumns => {
      const key = `${k}.${layer}`;
      const known = time.get(key);
      if (known) return known;
      const token = tokens.get(k) ?? timeMemory(weights, a, timesteps[k]!);
      tokens.set(k, token);
      const { crossAttention } = weights.layers[layer]!;
      const sees = memoryMask(a, eviction, k);
      const made = timeColumns(a, this.#keys, token, crossAttention, queries[layer]!, sees);
      time.set(key, made);
      return made;
    };
    const width = a.heads * this.#keys;
    const constant = (name: keyof TimeColumns, shape: readonly [number, number]): StepConstant => ({
      name,
      shape,
      perLayer: true,
      data: (k, l) => folded(k, l)[name],
    });
    this.stepConstants = [
      constant('scores', [width, a.embedding]),
      constant('values', [width, a.embedding]),
      constant('bias', [a.horizon, width]),
    ];
  }

  prepare(condition: Value): Value[] {
    const { embedding: e, heads, layers } = this.#a;
    const [g, d, width] = [this.#graph, this.#headSize, heads * this.#keys];
    const tokens = observationTokens(g, this.#weights, this.#a, condition);
    const memory = perceptronMemory(g, this.#weights, tokens);
    const attention = this.#weights.layers.map((layer) => layer.crossAttention);
    const keys = this.#balanced(attention.map(({ key }) => key));
    const values = this.#balanced(attention.map(({ value }) => value));
    const k = this.#perHead('cross.keys', keys.projection, memory);
    const v = this.#perHead('cross.values', values.projection, memory);
    const scores = this.#fold(k, 'cross.query', keys.scales, () =>
      this.#queries.flatMap(({ weight }) => this.#headColumns(weight)),
    );
    const folded = this.#fold(v, 'cross.output', values.scales, () =>
      attention.flatMap(({ output }) => this.#headColumns(transpose(output.weight))),
    );
    const queryBias = g.constant('cross.query.bias', [layers * heads, d, 1], () =>
      Float32Array.from(keys.scales, (scale, i) => {
        const layer = Math.floor(i / e);
        return scale * this.#queries[layer]!.bias[i % e]!;
      }),
    );
    return [
      g.reshape(scores, [layers, width, e]),
      g.reshape(folded, [layers, width, e]),
      g.reshape(this.#afterTime(g.matmul(k, queryBias)), [layers, 1, width]),
    ];
  }

  pieces(prepared: readonly Value[], step: readonly Value[], layers: number): Value[][] {
    const g = this.#graph;
    const { horizon } = this.#a;
    const [scores, values, bias] = prepared as [Value, Value, Value];
    const [timeScores, timeValues, timeBias] = step as [Value, Value, Value];
    const width = bias.shape[1]!;
    const biases = g.add(
      g.reshape(timeBias, [layers, horizon, width]),
      g.reshape(bias, [layers, 1, width]),
    );
    const stacks = [
      g.add(scores, timeScores),
      g.add(values, timeValues),
      g.reshape(biases, [layers * horizon, width]),
    ].map((stack) => g.split(stack, Array<number>(layers).fill(stack.shape[0]! / layers), 0));
    return Array.from({ length: layers }, (_, layer) => stacks.map((parts) => parts[layer]!));
  }

  branch(
    layer: number,
    normed: Value,
    pieces: readonly Value[],
    tokens?: readonly number[],
  ): Value {
    const g = this.#graph;
    const rows = normed.shape[0]!;
    const { heads } = this.#a;
    const [scores, values, biases] = pieces as [Value, Value, Value];
    const bias = tokens ? g.gather(biases, g.integers(tokens)) : biases;
    const weights = g.softmax(
      g.reshape(g.gemm(normed, scores, bias, { transB: true }), [rows * heads, this.#keys]),
    );
    const { bias: outputBias } = this.#weights.layers[layer]!.crossAttention.output;
    return g.gemm(
      g.reshape(weights, [rows, heads * this.#keys]),
      values,
      g.constant(`cross.${layer}.out.bias`, [outputBias.length], () => outputBias),
    );
  }

  /**
   * The projections of all layers as one, for 8 bits with the columns brought to about the same size: one scale
   * serves the keys of all layers.
   * @returns scales (L E) that the columns were divided by
   */
  #balanced(parts: readonly Linear[]): { projection: Linear; scales: Float64Array } {
    const { weight, bias } = besideLinear(parts);
    const scales = new Float64Array(bias.length).fill(1);
    if (!this.#int8) return { projection: { weight, bias }, scales };
    const squares = Float64Array.from(bias, (value) => value * value);
    weight.data.forEach((value, i) => (squares[i % bias.length]! += value * value));
    squares.forEach((square, i) => (scales[i] = Math.sqrt(square) || 1));
    return {
      projection: {
        weight: map(weight, (value, _, column) => value / scales[column]!),
        bias: bias.map((value, i) => value / scales[i]!),
      },
      scales,
    };
  }

  /** A projection of the observations' memory for all layers: (L heads, To, d). */
  #perHead(name: string, projection: Linear, memory: Value): Value {
    const { heads, layers, n_obs_steps: observations } = this.#a;
    const g = this.#graph;
    const projected = linearIn(this.#int8)(g, name, projection, memory);
    const split = g.reshape(projected, [observations, layers * heads, this.#headSize]);
    return g.transpose(split, [1, 0, 2]);
  }

  /**
   * Times the projection on its other side: (L heads, To, d) x (L heads, d, E) -> (L heads, keys, E).
   * @param scales of the rows of all matrices together
   */
  #fold(x: Value, name: string, scales: Float64Array, matrices: () => readonly Matrix[]): Value {
    const { embedding: e, heads, layers } = this.#a;
    const [g, d] = [this.#graph, this.#headSize];
    const scaled = (): Matrix[] =>
      matrices().map((part, i) => scaleRows(scales.subarray(i * d, (i + 1) * d), part));
    if (this.#int8) return this.#afterTime(int8MatMul(g, name, scaled, e, x));
    const weight = g.constant(`${name}.weight`, [layers * heads, d, e], () =>
      toFloat32(below(scaled())),
    );
    return this.#afterTime(g.matmul(x, weight));
  }

  /** The columns of each head, as (d, E). */
  #headColumns(weight: Matrix): Matrix[] {
    const d = this.#headSize;
    return Array.from({ length: this.#a.heads }, (_, head) =>
      transpose(columns(weight, head * d, (head + 1) * d)),
    );
  }

  /** Zeros where the time token stands: (L heads, To, C) -> (L heads, keys, C). */
  #afterTime(x: Value): Value {
    const [count, , width] = x.shape as [number, number, number];
    const zeros = this.#graph.constant(
      `zeros_${count}_1_${width}`,
      [count, 1, width],
      () => new Float32Array(count * width),
    );
    return this.#graph.concat([zeros, x], 1);
  }
}
