import type { GraphBuilder, Value } from './graph.js';
import { padWithZeros } from './token_padding.js';

/** What is put in place of a value where the sample is known: `clean` times the known clean sample, and `rest`. */
export interface KnownValue {
  readonly clean: number;
  /** Of the shape of the value; absent = nothing. */
  readonly rest?: Value;
}

/** What is known of a chunk, in a graph, see {@link Inpainting}. */
export class InpaintingGraph {
  readonly #graph: GraphBuilder;
  readonly #known: Value;
  readonly #weight: Value;
  /** 1 - weight */
  readonly #free: Value;
  /** weight known */
  readonly #weighted: Value;

  private constructor(graph: GraphBuilder, known: Value, weight: Value) {
    this.#graph = graph;
    this.#known = known;
    this.#weight = weight;
    this.#free = graph.binary('Sub', graph.scalar(1), weight);
    this.#weighted = graph.binary('Mul', weight, known);
  }

  /** Declares the inputs `known` and `known_weight`, (1, T, A). @param shape what they become, of as many values */
  static input(
    graph: GraphBuilder,
    [horizon, actions]: readonly [number, number],
    shape: readonly number[],
  ): InpaintingGraph {
    const [known, weight] = ['known', 'known_weight'].map((name) =>
      graph.reshape(graph.input(name, [1, horizon, actions]), shape),
    );
    return new InpaintingGraph(graph, known!, weight!);
  }

  /** The same of (T, A) with rows appended of which nothing is known. */
  padded(rows: number): InpaintingGraph {
    const [known, weight] = [this.#known, this.#weight].map((value) =>
      padWithZeros(this.#graph, value, 0, rows),
    );
    return new InpaintingGraph(this.#graph, known!, weight!);
  }

  /** A value with what is known in its place, as far as the weights say. */
  apply(value: Value, { clean, rest }: KnownValue): Value {
    const g = this.#graph;
    const terms = [
      g.binary('Mul', value, this.#free),
      g.binary('Mul', this.#weighted, g.scalar(clean)),
    ];
    if (rest) terms.push(g.binary('Mul', rest, this.#weight));
    return g.sum(terms);
  }
}
