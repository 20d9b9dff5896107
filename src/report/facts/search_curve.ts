import type { ReportRow } from './report_facts.js';

type Compared = Pick<
  ReportRow,
  'name' | 'method' | 'cost' | 'error' | 'distribution_distance' | 'other_solver'
>;

/** Costs between which plans are compared: below is hardly a policy, above hardly a saving. */
const RANGE = [0.02, 0.5] as const;

/** A row that does better than the curve of searched plans at its cost. */
export interface Dominating {
  readonly name: string;
  readonly cost: number;
  /** By the error against dense from the same noise, or by the distance of distributions. */
  readonly by: 'error' | 'distance';
  readonly value: number;
  /** What the curve has at that cost. */
  readonly curve: number;
  /** Whether the row's 95 % interval ends below the curve. */
  readonly clearly: boolean;
}

/** Whether anything beats the plans of the search. */
export interface SearchCurve {
  /** The searched plans by cost. */
  readonly plans: readonly string[];
  /**
   * Costs at which rows were compared: from the cheapest searched plan, at least 0.02, to 0.5. What is costlier than
   * any searched plan is held against the costliest one, which takes less.
   */
  readonly from: number;
  readonly to: number;
  /** Rows that were compared. */
  readonly compared: number;
  readonly dominated_by: readonly Dominating[];
  /** Rows of a cost in 0.02 to 0.5 that are cheaper than any searched plan. */
  readonly not_compared: readonly string[];
}

/**
 * Compares all rows with the curve through the searched plans: straight between neighbours where both axes are
 * logarithmic, as it is drawn, and never rising. Other solvers count by their error, too, though it says little of
 * them; so they are also compared by the distance of distributions, where a searched plan whose interval reaches down
 * to 0 cannot be beaten.
 * @returns null without a searched plan within the range
 */
export function searchCurve(rows: readonly Compared[]): SearchCurve | null {
  const searched = rows
    .filter(({ method, error }) => method === 'search' && error)
    .sort((a, b) => a.cost - b.cost);
  const [low, high] = RANGE;
  if (searched.length === 0 || searched.every(({ cost }) => cost < low || cost > high)) return null;
  const from = Math.max(low, searched[0]!.cost);
  const others = rows.filter(
    ({ method, error, cost }) => method !== 'search' && error && cost >= low && cost <= high,
  );
  const inside = others.filter(({ cost }) => cost >= from);
  const errorAt = curveOf(searched.map((row) => [row.cost, row.error!.rms.value]));
  // A distance is never below 0, only its estimate is: nothing is nearer than a plan that may be at 0.
  const distanceAt = curveOf(
    searched.map(({ cost, distribution_distance: distance }) => [
      cost,
      distance!.low <= 0 ? 0 : distance!.value,
    ]),
  );
  const dominating = inside.flatMap((row): Dominating[] => {
    const { name, cost, error, distribution_distance: distance, other_solver: other } = row;
    const against = (
      by: Dominating['by'],
      { value, high: end }: { readonly value: number; readonly high: number },
      curve: number,
    ): Dominating[] =>
      Math.max(0, value) < curve ? [{ name, cost, by, value, curve, clearly: end < curve }] : [];
    return [
      ...against('error', error!.rms, errorAt(cost)),
      ...(other ? against('distance', distance!, distanceAt(cost)) : []),
    ];
  });
  return {
    plans: searched.map(({ name }) => name),
    from,
    to: high,
    compared: inside.length,
    dominated_by: dominating,
    not_compared: others.filter((row) => !inside.includes(row)).map(({ name }) => name),
  };
}

/**
 * The value at a cost from the first point on, straight on logarithmic axes where both neighbours are above 0, and
 * that of the last point beyond it; a costlier plan that is worse than a cheaper one does not count.
 */
function curveOf(points: readonly (readonly [number, number])[]): (cost: number) => number {
  const falling: (readonly [cost: number, value: number])[] = [];
  for (const [cost, value] of points) {
    const least = falling.at(-1)?.[1] ?? Infinity;
    falling.push([cost, Math.min(value, least)]);
  }
  return (cost) => {
    const next = falling.findIndex(([at]) => at >= cost);
    const [right, above] = falling.at(next)!;
    if (next <= 0 || right === cost) return above;
    const [left, below] = falling[next - 1]!;
    const share = Math.log(cost / left) / Math.log(right / left);
    return above > 0 && below > 0
      ? below * (above / below) ** share
      : below + share * (above - below);
  };
}
