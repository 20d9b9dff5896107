import type { Architecture } from '../../policy/manifest.js';
import { observationTokens, timeToken, transformerMemory } from '../condition_tokens.js';
import type { DenoiserWeights } from '../denoiser_weights.js';
import type { GraphBuilder, Value } from '../graph.js';
import { linear } from '../layers.js';
import { toFloat32 } from '../linalg.js';
import type { CrossAttention, StepConstant } from './cross_attention.js';
import { projectedAttention } from './projected_attention.js';

/** Condition tokens that a transformer encoder mixed with the time token: new at every step. */
export class MixedCrossAttention implements CrossAttention {
  readonly stepConstants: readonly StepConstant[];
  readonly #graph: GraphBuilder;
  readonly #weights: DenoiserWeights;
  readonly #a: Architecture;
  /** Memory by the name of the time token it was made with: one for all layers of a step. */
  readonly #memory = new Map<string, Value>();

  constructor(
    graph: GraphBuilder,
    weights: DenoiserWeights,
    a: Architecture,
    timesteps: readonly number[],
  ) {
    this.#graph = graph;
    this.#weights = weights;
    this.#a = a;
    this.stepConstants = [
      {
        name: 'time',
        shape: [1, a.embedding],
        perLayer: false,
        data: (k) => toFloat32(timeToken(weights, a, timesteps[k]!)),
      },
    ];
  }

  prepare(condition: Value): Value[] {
    const tokens = observationTokens(this.#graph, this.#weights, this.#a, condition);
    return [this.#graph.reshape(tokens, [1, ...tokens.shape])];
  }

  branch(layer: number, normed: Value, prepared: readonly Value[], step: readonly Value[]): Value {
    const g = this.#graph;
    const time = step[0]!;
    let memory = this.#memory.get(time.name);
    if (!memory) {
      const encoder = this.#weights.conditionEncoder;
      if (encoder.kind !== 'transformer')
        throw new TypeError('the condition encoder is a perceptron');
      memory = transformerMemory(g, encoder.layers, this.#a, g.concat([time, prepared[0]!], 0));
      this.#memory.set(time.name, memory);
    }
    const { key, value } = this.#weights.layers[layer]!.crossAttention;
    const keys = linear(g, `cross.${layer}.key`, key, memory);
    const values = linear(g, `cross.${layer}.value`, value, memory);
    return projectedAttention(g, this.#weights, this.#a, layer, normed, keys, values);
  }
}
