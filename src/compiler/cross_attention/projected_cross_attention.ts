import type { Architecture } from '../../policy/manifest.js';
import { observationTokens, perceptronMemory, timeMemory } from '../condition_tokens.js';
import type { DenoiserWeights } from '../denoiser_weights.js';
import type { GraphBuilder, Value } from '../graph.js';
import type { Int8Blocks } from '../int8_blocks.js';
import { linearIn } from '../int8_layers.js';
import { besideLinear, linear } from '../layers.js';
import { type Matrix, multiply, plus, rowVector, toFloat32 } from '../linalg.js';
import type { CrossAttention, StepConstant } from './cross_attention.js';
import type { Eviction } from './memory_mask.js';
import { maskConstant, projectedAttention } from './projected_attention.js';

/** Many condition tokens: keys and values of the observations once per chunk, of the time folded. */
export class ProjectedCrossAttention implements CrossAttention {
  readonly stepConstants: readonly StepConstant[];
  readonly #graph: GraphBuilder;
  readonly #weights: DenoiserWeights;
  readonly #a: Architecture;
  readonly #int8: Int8Blocks;

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
    this.#int8 = int8;
    const tokens = new Map<number, Matrix>();
    const memory = (k: number): Matrix => {
      const known = tokens.get(k) ?? timeMemory(weights, a, timesteps[k]!);
      tokens.set(k, known);
      return known;
    };
    const constant = (name: 'key' | 'value'): StepConstant => ({
      name,
      shape: [1, a.embedding],
      perLayer: true,
      data: (k, layer) => {
        const token = memory(k);
        const { weight, bias } = weights.layers[layer]!.crossAttention[name];
        return toFloat32(plus(multiply(token, weight), rowVector(bias)));
      },
    });
    this.stepConstants = [constant('key'), constant('value'), ...maskConstant(a, eviction)];
  }

  prepare(condition: Value): Value[] {
    const { embedding: e, layers, n_obs_steps: observations } = this.#a;
    const g = this.#graph;
    const tokens = observationTokens(g, this.#weights, this.#a, condition);
    const memory = perceptronMemory(g, this.#weights, tokens);
    return (['key', 'value'] as const).map((part) => {
      const all = besideLinear(this.#weights.layers.map((layer) => layer.crossAttention[part]));
      const projected = linear(g, `cross.${part}s`, all, memory);
      return g.transpose(g.reshape(projected, [observations, layers, e]), [1, 0, 2]);
    });
  }

  pieces(prepared: readonly Value[], step: readonly Value[], layers: number): Value[][] {
    const g = this.#graph;
    const { embedding: e, n_obs_steps: observations } = this.#a;
    const [keys, values] = prepared.map((part, i) => {
      const time = g.reshape(step[i]!, [layers, 1, e]);
      const all = g.concat([time, g.reshape(part, [layers, observations, e])], 1);
      return g.split(all, Array<number>(layers).fill(1), 0);
    }) as [Value[], Value[]];
    return Array.from({ length: layers }, (_, i) => [keys[i]!, values[i]!, ...step.slice(2)]);
  }

  branch(
    layer: number,
    normed: Value,
    pieces: readonly Value[],
    tokens?: readonly number[],
  ): Value {
    const [keys, values, mask] = pieces as [Value, Value, Value?];
    return projectedAttention(this.#graph, this.#weights, this.#a, layer, normed, {
      keys,
      values,
      mask: mask && tokens ? this.#graph.gather(mask, this.#graph.integers(tokens)) : mask,
      product: linearIn(this.#int8.has({ layer, kind: 'cross_attention' })),
    });
  }
}
