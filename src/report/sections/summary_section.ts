import { dataTable } from '../data_table.js';
import { budgetPicks } from '../facts/budget_picks.js';
import { CONTROL_ROW } from '../facts/control_plan.js';
import type { ReportFacts, ReportRow } from '../facts/report_facts.js';
import { ms, percent, small, times } from '../format_number.js';
import { type Html, html } from '../html.js';
import { correctionSection } from './correction_section.js';
import { errorUnit, intervalText } from './error_text.js';
import { jsonNote } from './json_note.js';

/** Rows of a table that are shown without being asked for. */
const MOST_ROWS = 14;
/** Name of the row that plans are compared with. */
export const NOISE_ROW = 'dense, other noise';

/** Tables as text, for pages and Markdown alike. */
export interface TextTable {
  readonly headings: readonly string[];
  readonly rows: readonly { readonly cells: readonly string[]; readonly marked?: boolean }[];
}

/** Time, cost and error of every row. */
export function summaryTable(facts: ReportFacts): TextTable {
  const unit = errorUnit(facts);
  const picked = new Set(budgetPicks(facts).map(({ row }) => row));
  const eager = facts.eager !== null;
  const cells = (row: ReportRow): string[] => [
    row.name,
    row.time ? ms(row.time.median_ms) : '',
    row.time ? ms(row.time.p90_ms) : '',
    row.time ? ms(row.time.p99_ms) : '',
    row.time ? times(row.time.vs_dense) : '',
    ...(eager ? [row.time?.vs_eager ? times(row.time.vs_eager) : ''] : []),
    percent(row.cost),
    row.error ? intervalText(row.error.rms, unit) : '',
    row.error_of_spread === null ? '' : small(row.error_of_spread),
    [row.best_at.its_ms && 'ms', row.best_at.its_cost && 'cost'].filter(Boolean).join(', '),
    row.engine,
  ];
  return {
    headings: [
      'plan',
      'median',
      '90 % within',
      '99 % within',
      'against dense',
      ...(eager ? ['against eager PyTorch'] : []),
      'multiply-adds',
      `error, ${unit.name}`,
      'error / own spread',
      'best at its',
      'engine',
    ],
    rows: facts.rows.map((row) => ({ cells: cells(row), marked: picked.has(row) })),
  };
}

/** How the errors of each row are spread, and what else tells plans apart. */
export function errorTable(facts: ReportFacts): TextTable {
  const unit = errorUnit(facts);
  const flips = facts.rows.some(({ error }) => error?.flips != null);
  const rows = [...facts.rows.slice(1), { name: NOISE_ROW, error: facts.noise_error } as const];
  return {
    headings: [
      'plan',
      `half of chunks below, ${unit.name}`,
      '95 % below',
      '99 % below',
      'largest',
      ...(flips ? ['gripper flips'] : []),
      'distance of distributions',
    ],
    rows: rows.flatMap((row) => {
      if (!row.error) return [];
      const { per_sample: spread, flips: flipped } = row.error;
      const own = 'method' in row ? row : undefined;
      const distance = own?.distribution_distance;
      return [
        {
          cells: [
            row.name,
            intervalText(spread.p50, unit),
            intervalText(spread.p95, unit),
            intervalText(spread.p99, unit),
            small(unit.factor * spread.max),
            ...(flips ? [flipped === null ? '' : percent(flipped)] : []),
            distance ? intervalText(distance, unit) : '',
          ],
        },
      ];
    }),
  };
}

/** A table; where it is long, what is featured, and all of it to be opened. */
export function foldedTable({ rows: featured }: ReportFacts, { headings, rows }: TextTable): Html {
  if (rows.length <= MOST_ROWS) return dataTable(headings, rows);
  const names = new Set(featured.flatMap((row) => (row.featured ? [row.name] : [])));
  const always = new Set<string | undefined>([NOISE_ROW, CONTROL_ROW]);
  const main = rows.filter(({ cells: [name] }) => names.has(name!) || always.has(name));
  return html`${dataTable(headings, main)}
    <details>
      <summary>All ${rows.length} rows</summary>
      ${dataTable(headings, rows)}
    </details>`;
}

/** Both tables, with how to read them. */
export function summarySection(facts: ReportFacts): Html {
  const eager = facts.eager;
  return html`${dataTable(summaryTable(facts).headings, summaryTable(facts).rows)}
    <p class="quiet">
      ${jsonNote('rows')} Shaded: the picks from above. Errors are root mean squares over all
      executed actions and joints against dense from the same noise, with 95 % bootstrap intervals
      over ${facts.observations.episodes === null ? 'observations' : 'episodes'}; where joints have
      several units they are taken as they are (1 m as 1 rad) and stand apart further below. Times
      are of one chunk, all plans in turn. Plans that decide while denoising run block by block
      (engine interpreter), on 16 of the observations at most, and have no time.
      ${
        eager
          ? `Eager PyTorch: ${ms(eager.eager_ms)} where dense took ${ms(eager.dense_ms)} in one bench (${eager.file}); the speed against it is that ratio times the speed against dense here.`
          : ''
      }
    </p>
    <h3>How the errors are spread</h3>
    ${foldedTable(facts, errorTable(facts))}
    <p class="quiet">
      ${jsonNote('rows[].error.per_sample', 'rows[].distribution_distance')} Root mean square of one
      chunk: half of all chunks, 95 %, 99 % and all of them are below. The distance of distributions
      (energy distance, unbiased, so it may fall below 0) compares what a plan draws with what dense
      draws from noise of its own: it judges other solvers too, which give other samples of the same
      distribution.
      ${
        facts.rows.some((row) => row.other_solver)
          ? 'DDIM and DPM-Solver++ are to be judged by it and by how often the task succeeds, not by an error against dense: from the same noise they arrive elsewhere, which need not be worse.'
          : ''
      }
    </p>
    ${correctionSection(facts)}`;
}
