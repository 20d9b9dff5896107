import type { AffineRollout, Arrival, Strengths } from './affine_rollout.js';

/** A way through the grid: at which steps the network was evaluated, and how far that leads astray. */
export interface Path {
  readonly evaluations: readonly number[];
  /** Deviation from the dense trajectory where it ends. */
  readonly deviation: number;
}

interface Node extends Path {
  readonly arrival: Arrival;
}

/** Options of {@link searchTrellis}. */
export interface TrellisOptions {
  /** Candidate steps, ascending, the first 0. */
  readonly grid: readonly number[];
  /** Most evaluations of a plan. */
  readonly most: number;
  /** K */
  readonly steps: number;
  readonly strengths: Strengths;
  /** How far an arrival is from the dense trajectory. */
  readonly deviation: (arrival: Arrival) => number;
  /** Hears of every node that was expanded; false ends the search. */
  readonly onNode?: (level: number) => boolean;
}

/**
 * Dynamic programming over evaluation steps on real states of the corrected plan: of all ways with j evaluations
 * to a step the one that deviates least goes on. One evaluation at a node serves the runs to all later steps.
 * @returns per number of evaluations, from 1 on, the best path to the final sample
 */
export async function searchTrellis(
  rollout: AffineRollout,
  { grid, most, steps, strengths, deviation, onNode }: TrellisOptions,
): Promise<Path[]> {
  const found: Path[] = [];
  const least = new Map<number, number>();
  // Either the network is evaluated at the noisiest step, or not before another one: pure noise tells it little.
  const unevaluated = await rollout.runsFrom(rollout.unevaluated(), strengths);
  let level = new Map<number, Node>();
  for (const step of grid) {
    const { arrival } = step === 0 ? { arrival: rollout.start() } : await unevaluated.to(step);
    level.set(step, { evaluations: [], deviation: deviation(arrival), arrival });
  }
  for (let count = 1; count <= most && level.size > 0; count++) {
    const next = new Map<number, Node>();
    let final: Path | undefined;
    for (const [begin, node] of level) {
      const from = await rollout.evaluate(node.arrival);
      const runs = await rollout.runsFrom(from, strengths);
      const evaluations = [...node.evaluations, begin];
      for (const end of [...grid.filter((step) => step > begin), steps]) {
        const { arrival } = await runs.to(end);
        const reached = { evaluations, deviation: deviation(arrival), arrival };
        if (end === steps) {
          if (!final || reached.deviation < final.deviation) final = reached;
        } else if (reached.deviation < (next.get(end)?.deviation ?? Infinity)) {
          next.set(end, reached);
        }
      }
      if (onNode?.(count) === false) return found;
    }
    if (final) found.push({ evaluations: final.evaluations, deviation: final.deviation });
    // Where fewer evaluations arrive as well, more of them lead nowhere.
    for (const [step, node] of next) {
      if (node.deviation >= (least.get(step) ?? Infinity)) next.delete(step);
      else least.set(step, node.deviation);
    }
    level = next;
  }
  return found;
}
