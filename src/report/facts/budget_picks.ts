import type { ReportFacts, ReportRow } from './report_facts.js';

type Judged = Pick<ReportRow, 'error' | 'time' | 'other_solver'>;

/** The fastest plan whose error is below a part of the policy's own spread over noise seeds. */
export interface BudgetPick<Row> {
  /** What part of the spread. */
  readonly share: number;
  readonly row: Row;
}

/** Parts of the spread that plans are looked for below: within it, a third, a tenth. */
const SHARES = [1, 1 / 3, 1 / 10] as const;

/**
 * For each part of the spread over noise seeds the fastest plan whose error, by the upper end of its interval, is
 * below it; plans that only the interpreter runs, and other solvers, whose error says something else, are left
 * out, and so is a plan that was picked for a larger part already.
 */
export function budgetPicks<Row extends Judged>({
  rows,
  noise_spread: spread,
}: {
  readonly rows: readonly Row[];
  readonly noise_spread: Pick<ReportFacts['noise_spread'], 'difference'>;
}): BudgetPick<Row>[] {
  const picks: BudgetPick<Row>[] = [];
  for (const share of SHARES) {
    const [row] = rows
      .filter(
        ({ error, time, other_solver: other }) =>
          error && time && !other && error.rms.high <= share * spread.difference,
      )
      .sort((a, b) => a.time!.median_ms - b.time!.median_ms);
    if (row && picks.every((pick) => pick.row !== row)) picks.push({ share, row });
  }
  return picks;
}
