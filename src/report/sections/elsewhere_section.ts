import { dataTable } from '../data_table.js';
import type { ElsewhereFacts, ReportFacts } from '../facts/report_facts.js';
import { percent, small, times } from '../format_number.js';
import { type Html, html } from '../html.js';
import { cameraText } from './certificate_section.js';
import { errorText, errorUnit, intervalText } from './error_text.js';
import { jsonNote } from './json_note.js';
import type { TextTable } from './summary_section.js';

/** Name of the set that everything else in the report is measured on. */
const HERE = "this report's";

/** Errors and drift of plans by the observations they were measured on. */
export function elsewhereTable(facts: ReportFacts): TextTable {
  if (facts.elsewhere.length === 0) return { headings: [], rows: [] };
  const unit = errorUnit(facts);
  const names = facts.elsewhere[0]!.rows.map(({ name }) => name);
  const here: Pick<ElsewhereFacts, 'name' | 'noise_spread' | 'rows'> = {
    name: HERE,
    noise_spread: facts.noise_spread.difference,
    rows: facts.rows.flatMap(({ name, error, without_correction, drift }) =>
      error ? [{ name, error: error.rms, without_correction, drift }] : [],
    ),
  };
  const sets = [here, ...facts.elsewhere];
  const cameras = sets.some(({ rows }) =>
    rows.some(({ drift }) => drift && Object.keys(drift.cameras).length > 0),
  );
  return {
    headings: [
      'plan',
      'observations',
      `error, ${unit.name}`,
      'without correction',
      'own spread there',
      'beyond the threshold',
      'monitor says drift',
      'median distance',
      ...(cameras ? ['pictures beyond'] : []),
    ],
    rows: names.flatMap((name) =>
      sets.map((set) => {
        const {
          error,
          without_correction: without,
          drift,
        } = set.rows.find((row) => row.name === name)!;
        return {
          cells: [
            name,
            set.name,
            intervalText(error, unit),
            without ? intervalText(without, unit) : '',
            errorText(set.noise_spread, unit),
            ...(drift
              ? [percent(drift.beyond), percent(drift.raised), small(drift.median)]
              : ['', '', '']),
            ...(cameras ? [drift ? cameraText(drift) : ''] : []),
          ],
          marked: set === here,
        };
      }),
    ),
  };
}

/** What becomes of plans with a correction in each set, against the observations of the report. */
export function elsewhereSentences(facts: ReportFacts): string[] {
  return facts.elsewhere.map(({ name, rows }) => {
    const pairs = rows.flatMap((there) => {
      const here = facts.rows.find((row) => row.name === there.name);
      return here?.error && here.without_correction && there.without_correction
        ? [
            {
              error: there.error.value / here.error.rms.value,
              without: there.without_correction.value / here.without_correction.value,
              drift: there.drift && here.drift ? { there: there.drift, here: here.drift } : null,
            },
          ]
        : [];
    });
    if (pairs.length === 0) return `${name}: no plan here has a correction that could fail.`;
    const range = (values: readonly number[], text: (value: number) => string): string => {
      const [low, high] = [text(Math.min(...values)), text(Math.max(...values))];
      return low === high ? low : `${low} to ${high}`;
    };
    const drifts = pairs.flatMap(({ drift }) => drift ?? []);
    const monitors =
      drifts.length === 0
        ? 'they have no drift monitor'
        : `their monitors say drift at ${range(
            drifts.map(({ there }) => there.raised),
            percent,
          )} of the observations (here ${range(
            drifts.map(({ here }) => here.raised),
            percent,
          )})`;
    return `${name}: plans with a correction have ${range(
      pairs.map(({ error }) => error),
      times,
    )} the error they have here, without it ${range(
      pairs.map(({ without }) => without),
      times,
    )}; ${monitors}.`;
  });
}

/** How plans do where they were not calibrated, and whether that is noticed; empty where nobody asked. */
export function elsewhereSection(facts: ReportFacts): Html[] {
  const { headings, rows } = elsewhereTable(facts);
  if (rows.length === 0) return [];
  return [
    html`<h2>Outside the calibration data</h2>
      <p>
        A correction is fitted on what it was shown; elsewhere it may fail, and then the drift
        monitor of the plan has to say so. Here is what plans do on observations that are unlike
        those of the calibration, against dense from the same noise; the shaded rows are the
        observations of this report.
      </p>
      <ul>
        ${elsewhereSentences(facts).map((sentence) => html`<li>${sentence}</li>`)}
      </ul>
      ${dataTable(headings, rows)}
      <p class="quiet">
        ${jsonNote('elsewhere')}
        ${facts.elsewhere.map(
          ({ name, count, available, rows: own }) =>
            html`${name}: ${count} of ${available} observations, each from two noises, for errors;
            ${own.find(({ drift }) => drift)?.drift?.observations ?? 0} for drift. `,
        )}
        Beyond the threshold: share of observations further from the calibration than nine of ten of
        its episodes stay all along. Monitor says drift: share of observations at which the monitor,
        shown those of an episode in turn, has had 4 of the last 8 beyond. Distances are in units of
        the threshold. Plans without a monitor have no entries.
      </p>`,
  ];
}
