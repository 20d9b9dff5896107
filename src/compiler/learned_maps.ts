import { blocksOf } from '../caching/blocks.js';
import type { DenoisingProgram } from '../caching/denoising_program.js';
import { linearMap } from '../caching/strategies/strategy_of.js';
import type { Architecture } from '../policy/manifest.js';
import type { Linear } from './denoiser_weights.js';
import type { GraphBuilder, Value } from './graph.js';
import { linear } from './layers.js';
import { map, matrix, multiply, plus, rowVector, toFloat32 } from './linalg.js';

/** The learned linear maps that stand for blocks between their updates (FastCache, arXiv 2505.20353). */
export class LearnedMaps {
  /** Whether there is one. */
  readonly any: boolean;
  readonly #graph: GraphBuilder;
  /** Per block x + (x W + b) as one layer. */
  readonly #residual: readonly (Linear | undefined)[];
  /** Maps of blocks in a row as one, by the name of their constants. */
  readonly #joined = new Map<string, Linear>();

  /** @throws BadInput when a constant is missing or of the wrong shape */
  constructor(
    graph: GraphBuilder,
    { blocks, constants }: Pick<DenoisingProgram, 'blocks' | 'constants'>,
    { layers, embedding: e }: Architecture,
  ) {
    this.#graph = graph;
    this.#residual = blocksOf(layers).map((block, i) => {
      if (blocks[i]!.predict.kind !== 'linear') return undefined;
      const { weight, bias } = linearMap(constants, block, e);
      const added = matrix(e, e, weight);
      return { weight: map(added, (value, row, column) => value + Number(row === column)), bias };
    });
    this.any = this.#residual.some((layer) => layer !== undefined);
  }

  /** The stream after blocks in a row that their maps stand for, one product: (T, E) -> (T, E). */
  apply(blocks: readonly number[], stream: Value): Value {
    const name = `linear.${blocks.join('_')}`;
    const whole =
      this.#joined.get(name) ?? blocks.map((block) => this.#residual[block]!).reduce(oneAfterOther);
    this.#joined.set(name, whole);
    return linear(this.#graph, name, whole, stream);
  }
}

function oneAfterOther(first: Linear, { weight, bias }: Linear): Linear {
  return {
    weight: multiply(first.weight, weight),
    bias: toFloat32(plus(multiply(rowVector(first.bias), weight), rowVector(bias))),
  };
}
