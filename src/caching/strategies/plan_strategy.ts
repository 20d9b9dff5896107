import type { BlockProgram } from '../denoising_program.js';
import { BranchMemory } from './branch_memory.js';
import type { LinearMap } from './linear_map.js';
import type { Strategy } from './strategy.js';

/** What a plan has fixed in advance: updates, predictors and the tokens of each update. */
export class PlanStrategy implements Strategy {
  readonly #blocks: readonly BlockProgram[];
  readonly #updates: readonly ReadonlySet<number>[];
  /** Of every block, in canonical order. */
  readonly memories: readonly BranchMemory[];
  /** T. */
  readonly #tokens: number;

  /**
   * @param tokens T, action tokens
   * @param linear per block the learned map, where the block has one
   */
  constructor(
    blocks: readonly BlockProgram[],
    tokens: number,
    linear: readonly (LinearMap | undefined)[] = [],
  ) {
    this.#blocks = blocks;
    this.#tokens = tokens;
    this.#updates = blocks.map(({ updates }) => new Set(updates));
    this.memories = blocks.map(({ predict }, i) => new BranchMemory(predict, linear[i]));
  }

  computes(step: number, block: number): boolean {
    return this.#updates[block]!.has(step);
  }

  computed(step: number, block: number, _: Float32Array, branch: Float32Array): Float32Array {
    const memory = this.memories[block]!;
    const output = this.#mixed(memory.last, branch, updatedTokens(this.#blocks[block]!, step));
    memory.store(step, output);
    return output;
  }

  predict(step: number, block: number, stream: Float32Array): Float32Array {
    return this.memories[block]!.predict(step, stream);
  }

  /** The stored output, with the rows of some tokens replaced. */
  #mixed(
    stored: Float32Array | undefined,
    branch: Float32Array,
    tokens: readonly number[] | null,
  ): Float32Array {
    if (!tokens || !stored) return branch;
    const output = stored.slice();
    const width = branch.length / this.#tokens;
    for (const token of tokens) {
      output.set(branch.subarray(token * width, (token + 1) * width), token * width);
    }
    return output;
  }
}

/** Tokens that a step computes anew; null = all. */
export function updatedTokens(
  { updates, tokens }: BlockProgram,
  step: number,
): readonly number[] | null {
  return tokens?.[updates.indexOf(step)] ?? null;
}
