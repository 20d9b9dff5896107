import type { BlockProgram } from '../caching/denoising_program.js';
import { historyOf, predictionWeights } from '../caching/predict_branch.js';
import type { GraphBuilder, Value } from './graph.js';

/** Outputs that are added with the same weight at every step asked for. */
interface Term {
  readonly weights: readonly number[];
  readonly outputs: Value[];
}

/** The last outputs of every block, and what steps in between make of them, see {@link predictionWeights}. */
export class StoredBranches {
  readonly #graph: GraphBuilder;
  readonly #blocks: readonly BlockProgram[];
  /** Per block, oldest first. */
  readonly #outputs: { readonly step: number; readonly output: Value }[][];
  /** Sums of outputs by the names of what they add: a run that did not change is not added again. */
  readonly #sums = new Map<string, Value>();

  constructor(graph: GraphBuilder, blocks: readonly BlockProgram[]) {
    this.#graph = graph;
    this.#blocks = blocks;
    this.#outputs = blocks.map(() => []);
  }

  store(block: number, step: number, output: Value): void {
    const known = this.#outputs[block]!;
    known.push({ step, output });
    if (known.length > historyOf(this.#blocks[block]!.predict)) known.shift();
  }

  /** The newest output of a block, (T, E). */
  latest(block: number): Value | undefined {
    return this.#outputs[block]!.at(-1)?.output;
  }

  /** What some blocks add together at a step that computes none of them: (T, E). */
  sum(blocks: readonly number[], step: number): Value {
    const g = this.#graph;
    const parts = this.#terms(blocks, [step]).map(({ weights: [weight], outputs }) => {
      const total = this.#total(outputs);
      return weight === 1 ? total : g.binary('Mul', total, g.scalar(weight!));
    });
    return g.sum(parts);
  }

  /** Whether all blocks together add the same at all of these steps. */
  isConstant(steps: readonly number[]): boolean {
    return this.#terms([...this.#blocks.keys()], steps).every(({ weights }) =>
      weights.every((weight) => weight === 1),
    );
  }

  /**
   * What all blocks add together at each of these steps, below each other: (n T, E).
   * @param offset (T, E), added everywhere
   */
  sums(steps: readonly number[], offset: Value): Value {
    const g = this.#graph;
    const [tokens, width] = offset.shape as [number, number];
    const terms = this.#terms([...this.#blocks.keys()], steps);
    const totals = g.concat([offset, ...terms.map(({ outputs }) => this.#total(outputs))], 0);
    const weights = g.constant(
      `weights.${steps[0]!}_${steps.at(-1)!}`,
      [steps.length, 1 + terms.length],
      () =>
        Float32Array.from(steps.flatMap((_, i) => [1, ...terms.map((term) => term.weights[i]!)])),
    );
    const product = g.gemm(weights, g.reshape(totals, [1 + terms.length, tokens * width]));
    return g.reshape(product, [steps.length * tokens, width]);
  }

  #terms(blocks: readonly number[], steps: readonly number[]): Term[] {
    const terms = new Map<string, Term>();
    for (const block of blocks) {
      const outputs = this.#outputs[block]!;
      const computed = outputs.map(({ step }) => step);
      const perStep = steps.map((step) =>
        predictionWeights(this.#blocks[block]!.predict, computed, step),
      );
      for (const [back, { output }] of outputs.toReversed().entries()) {
        const weights = perStep.map((ofStep) => ofStep[back]!);
        const key = weights.join();
        const term = terms.get(key) ?? { weights, outputs: [] };
        term.outputs.push(output);
        terms.set(key, term);
      }
    }
    return [...terms.values()];
  }

  #total(outputs: readonly Value[]): Value {
    const key = outputs.map((value) => value.name).join();
    const known = this.#sums.get(key) ?? this.#graph.sum(outputs);
    this.#sums.set(key, known);
    return known;
  }
}
