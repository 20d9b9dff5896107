import type { Architecture } from '../../policy/manifest.js';
import { observationTokens, perceptronMemory, timeMemory } from '../condition_tokens.js';
import type { DenoiserWeights } from '../denoiser_weights.js';
import type { GraphBuilder, Value } from '../graph.js';
import { besideLinear, linear } from '../layers.js';
import { type Matrix, multiply, plus, rowVector, toFloat32 } from '../linalg.js';
import type { CrossAttention, StepConstant } from './cross_attention.js';
import { projectedAttention } from './projected_attention.js';

/** Many condition tokens: keys and values of the observations once per chunk, of the time folded. */
export class ProjectedCrossAttention implements CrossAttention {
  readonly stepConstants: readonly StepConstant[];
  readonly #graph: GraphBuilder;
  readonly #weights: DenoiserWeights;
  readonly #a: Architecture;

  constructor(
    graph: GraphBuilder,
    weights: DenoiserWeights,
    a: Architecture,
    timesteps: readonly number[],
  ) {
    this.#graph = graph;
    this.#weights = weights;
    this.#a = a;
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
    this.stepConstants = [constant('key'), constant('value')];
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

  branch(layer: number, normed: Value, prepared: readonly Value[], step: readonly Value[]): Value {
    const g = this.#graph;
    const [keys, values] = prepared.map((part, i) => g.concat([step[i]!, part], 0)) as [
      Value,
      Value,
    ];
    return projectedAttention(g, this.#weights, this.#a, layer, normed, keys, values);
  }
}
