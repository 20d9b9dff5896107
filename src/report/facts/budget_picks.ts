import { CONTROL_METHOD } from './control_plan.js';
import type { ReportFacts, ReportRow } from './report_facts.js';

type Judged = Pick<ReportRow, 'error' | 'time' | 'other_solver' | 'method' | 'cost'>;

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
 * below it; plans that only the interpreter runs, other solvers, whose error says something else, and the control
 * without a network are left out, and so is a plan that was picked for a larger part already.
 * @param price what is to be small
 */
export function budgetPicks<Row extends Judged>(
  {
    rows,
    noise_spread: spread,
  }: {
    readonly rows: readonly Row[];
    readonly noise_spread: Pick<ReportFacts['noise_spread'], 'difference'>;
  },
  price: (row: Row) => number = ({ time }) => time!.median_ms,
): BudgetPick<Row>[] {
  const picks: BudgetPick<Row>[] = [];
  for (const share of SHARES) {
    const [row] = rows
      .filter(
        ({ error, time, other_solver: other, method }) =>
          error &&
          time &&
          !other &&
          method !== CONTROL_METHOD &&
          error.rms.high <= share * spread.difference,
      )
      .sort((a, b) => price(a) - price(b));
    if (row && picks.every((pick) => pick.row !== row)) picks.push({ share, row });
  }
  return picks;
}
