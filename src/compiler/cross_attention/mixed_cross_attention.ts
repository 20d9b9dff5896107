import type { Architecture } from '../../policy/manifest.js';
import { observationTokens, timeToken, transformerMemory } from '../condition_tokens.js';
import type { DenoiserWeights, Linear } from '../denoiser_weights.js';
import type { GraphBuilder, Value } from '../graph.js';
import type { Int8Blocks } from '../int8_blocks.js';
import { linearIn } from '../int8_layers.js';
import { linear } from '../layers.js';
import { toFloat32 } from '../linalg.js';
import type { CrossAttention, StepConstant } from './cross_attention.js';
import type { Eviction } from './memory_mask.js';
import { maskConstant, projectedAttention } from './projected_attention.js';

/** Condition tokens that a transformer encoder mixed with the time token: new at every step. */
export class MixedCrossAttention implements CrossAttention {
  readonly stepConstants: readonly StepConstant[];
  readonly #graph: GraphBuilder;
  readonly #weights: DenoiserWeights;
  readonly #a: Architecture;
  readonly #int8: Int8Blocks;
  /** Memory by the name of the time token it was made with: one for all layers of a step. */
  readonly #memory = new Map<string, Value>();

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
    this.stepConstants = [
      {
        name: 'time',
        shape: [1, a.embedding],
        perLayer: false,
        data: (k) => toFloat32(timeToken(weights, a, timesteps[k]!)),
      },
      ...maskConstant(a, eviction),
    ];
  }

  prepare(condition: Value): Value[] {
    const tokens = observationTokens(this.#graph, this.#weights, this.#a, condition);
    return [this.#graph.reshape(tokens, [1, ...tokens.shape])];
  }

  pieces(prepared: readonly Value[], step: readonly Value[], layers: number): Value[][] {
    const g = this.#graph;
    const [time, ...mask] = step as [Value, ...Value[]];
    let memory = this.#memory.get(time.name);
    if (!memory) {
      const encoder = this.#weights.conditionEncoder;
      if (encoder.kind !== 'transformer')
        throw new TypeError('the condition encoder is a perceptron');
      memory = transformerMemory(g, encoder.layers, this.#a, g.concat([time, prepared[0]!], 0));
      this.#memory.set(time.name, memory);
    }
    return Array<Value[]>(layers).fill([memory, ...mask]);
  }

  branch(
    layer: number,
    normed: Value,
    pieces: readonly Value[],
    tokens?: readonly number[],
  ): Value {
    const g = this.#graph;
    const [memory, mask] = pieces as [Value, Value?];
    const { key, value } = this.#weights.layers[layer]!.crossAttention;
    const project = (part: 'key' | 'value', weights: Linear): Value => {
      const projected = linear(g, `cross.${layer}.${part}`, weights, memory);
      return g.reshape(projected, [1, ...projected.shape]);
    };
    return projectedAttention(g, this.#weights, this.#a, layer, normed, {
      keys: project('key', key),
      values: project('value', value),
      mask: mask && tokens ? this.#graph.gather(mask, this.#graph.integers(tokens)) : mask,
      product: linearIn(this.#int8.has({ layer, kind: 'cross_attention' })),
    });
  }
}
