import type { DenoisingStep } from '../policy/noise_schedule.js';
import type { GraphBuilder, Value } from './graph.js';
import type { InpaintingGraph } from './inpainting_graph.js';

/** Scales below this would leave single precision's range; the sample is multiplied out instead. */
const SMALLEST_SCALE = 1e-20;

/** Factors that make v c0 / s' of a step out of the network's output and the solver's state. */
export interface PredictionFactors {
  /** s: the sample is s times the state. */
  readonly scale: number;
  /** Of the network's output. */
  readonly output: number;
  /** Of the state. */
  readonly sample: number;
}

/**
 * The solver's side of the unrolled loop with as few nodes as possible: the state is u = x / s with a
 * scale s_k per step chosen such that the term c1 x of a step needs no node,
 *
 *     u' = u + clip(v) c0 / s' + v c2 / s' + clip(v_before) c3 / s' + z sigma / s',    s' = c1 s,
 *
 * and factors c0 / s' go into the product that makes v.
 */
export class SolverGraph {
  readonly #graph: GraphBuilder;
  readonly #steps: readonly DenoisingStep[];
  readonly #clipRange: number | null;
  /** s_0 .. s_K */
  readonly #scales: readonly number[];
  readonly #noise: readonly Value[] | undefined;
  readonly #inpainting: InpaintingGraph | undefined;
  /** Clipped prediction of the step before, v c0 / s' of that step. */
  #before: Value | undefined;

  /**
   * @param stepNoise (K, T A), K of the policy
   * @param noiseRows per step the row of `stepNoise` that it adds, descending
   * @param shape of the sample, [T, A]
   * @param inpainting what is known of it; absent = nothing
   */
  constructor(
    graph: GraphBuilder,
    steps: readonly DenoisingStep[],
    clipRange: number | null,
    stepNoise: Value,
    noiseRows: readonly number[],
    shape: readonly [number, number],
    inpainting?: InpaintingGraph,
  ) {
    this.#inpainting = inpainting;
    this.#graph = graph;
    this.#steps = steps;
    this.#clipRange = clipRange;
    const scales = [1];
    for (const { c1 } of steps) {
      const next = c1 * scales.at(-1)!;
      scales.push(next > SMALLEST_SCALE ? next : 1);
    }
    this.#scales = scales;
    const count = steps.length;
    if (steps.some(({ sigma }) => sigma > 0)) {
      // The last step has the first row.
      const rows =
        count === stepNoise.shape[0]
          ? stepNoise
          : graph.gather(stepNoise, graph.integers([...noiseRows].reverse()));
      const factors = graph.constant('noise.scale', [count, 1], () =>
        Float32Array.from(steps.map(({ sigma }, k) => sigma / scales[k + 1]!)).reverse(),
      );
      const scaled = graph.reshape(graph.binary('Mul', rows, factors), [
        count * shape[0],
        shape[1],
      ]);
      this.#noise = graph.split(scaled, Array<number>(count).fill(shape[0]), 0).reverse();
    }
  }

  /** Factor s of the state: the sample is s u. */
  scale(k: number): number {
    return this.#scales[k]!;
  }

  /** Factors that turn the network's output m and the state u into v c0 / s'. */
  factors(k: number): PredictionFactors {
    const { p, q, c0 } = this.#steps[k]!;
    const factor = c0 / this.#scales[k + 1]!;
    return { scale: this.scale(k), output: factor * q, sample: factor * p * this.scale(k) };
  }

  /**
   * The state after step k.
   * @param prediction v c0 / s', made with {@link factors}
   */
  advance(k: number, state: Value, prediction: Value): Value {
    const g = this.#graph;
    const { c0, c1, c2, c3 = 0, sigma } = this.#steps[k]!;
    const next = this.#scales[k + 1]!;
    const terms: Value[] = [];
    const keep = (c1 * this.scale(k)) / next;
    if (keep === 1) terms.push(state);
    else if (keep !== 0) terms.push(g.binary('Mul', state, g.scalar(keep)));
    const limit = this.#clipRange === null ? undefined : (this.#clipRange * c0) / next;
    const told = this.#inpainting?.apply(prediction, { clean: c0 / next }) ?? prediction;
    const clipped = limit === undefined ? told : g.clip(told, -limit, limit);
    terms.push(clipped);
    if (c3 !== 0 && this.#before) {
      const factor = ((c3 / next) * this.#scales[k]!) / this.#steps[k - 1]!.c0;
      terms.push(g.binary('Mul', this.#before, g.scalar(factor)));
    }
    this.#before = clipped;
    if (c2 !== 0) terms.push(g.binary('Mul', told, g.scalar(c2 / c0)));
    if (sigma > 0) terms.push(this.#noise![k]!);
    return g.sum(terms);
  }

  /** The sample that a final state stands for. */
  sample(state: Value): Value {
    const scale = this.#scales.at(-1)!;
    return scale === 1 ? state : this.#graph.binary('Mul', state, this.#graph.scalar(scale));
  }
}
