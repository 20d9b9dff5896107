import { lineChart } from '../charts/line_chart.js';
import type { ReportFacts } from '../facts/report_facts.js';
import { percent, shownUnit, small } from '../format_number.js';
import { Html, html } from '../html.js';
import { legend } from '../legend.js';
import { errorUnit } from './error_text.js';
import { featuredLines, legendBorder, NOISE_LINE } from './featured_lines.js';
import { jsonNote } from './json_note.js';
import { foldedTable, NOISE_ROW, type TextTable } from './summary_section.js';

/** Error of every joint in its own unit. */
export function jointTable(facts: ReportFacts): TextTable {
  const rows = [
    ...facts.rows.flatMap(({ name, error }) => (error ? [{ name, error }] : [])),
    { name: NOISE_ROW, error: facts.noise_error },
  ];
  return {
    headings: [
      'plan',
      ...facts.policy.joints.map(({ name, unit }) => `${name}, ${shownUnit(unit).name}`),
    ],
    rows: rows.map(({ name, error }) => ({
      cells: [
        name,
        ...error.joints.map(
          ({ rms, flips, unit }) =>
            small(shownUnit(unit).factor * rms) +
            (flips === undefined ? '' : ` (flips ${percent(flips)})`),
        ),
      ],
    })),
  };
}

/** Where in a chunk, in which joint and when while denoising the errors arise. */
export function errorSection(facts: ReportFacts): Html {
  const unit = errorUnit(facts);
  const featured = featuredLines(facts);
  const steps = [
    ...featured.map(({ row, look }) => ({ ...look, name: row.name, values: row.error!.steps })),
    { ...NOISE_LINE, name: NOISE_ROW, values: facts.noise_error.steps },
  ];
  const along = featured.filter(({ row }) => row.along_denoising.length > 0);
  return html`${legend([
      ...featured.map(({ row, look }) => [row.name, legendBorder(look)] as const),
      [NOISE_ROW, legendBorder(NOISE_LINE)],
    ])}
    <div class="charts">
      <figure>
        ${new Html(
          lineChart(
            steps.map(({ values, ...line }) => ({
              ...line,
              points: values.map((value, i) => [i + 1, unit.factor * value]),
            })),
            {
              xName: 'action of the chunk',
              yName: `error, ${unit.name}`,
              description: 'Error of every executed action of a chunk',
            },
            { fromZero: true, whole: true },
          ),
        )}
        <figcaption>
          Later actions of a chunk: does the error grow? ${jsonNote('rows[].error.steps')}
        </figcaption>
      </figure>
      ${
        along.length === 0
          ? []
          : html`<figure>
              ${new Html(
                lineChart(
                  along.map(({ row, look }) => ({
                    ...look,
                    name: row.name,
                    points: row.along_denoising.map(({ share, rms }) => [100 * share, rms]),
                  })),
                  {
                    xName: 'denoised, % of the steps',
                    yName: 'difference from dense',
                    description: 'Difference of the normalised sample from dense while denoising',
                  },
                  { fromZero: true },
                ),
              )}
              <figcaption>
                Difference of the normalised sample from dense while it is denoised (T x A, all of
                the chunk). ${jsonNote('rows[].along_denoising')}
              </figcaption>
            </figure>`
      }
    </div>
    <h3>By joint</h3>
    ${foldedTable(facts, jointTable(facts))}
    <p class="quiet">
      Root mean squares, each joint in its own unit. ${jsonNote('rows[].error.joints')}
    </p>`;
}
