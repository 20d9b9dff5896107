import { dataTable } from '../data_table.js';
import type { DriftFacts, ReportFacts } from '../facts/report_facts.js';
import { type Html, html } from '../html.js';
import { ms, percent, small } from '../format_number.js';
import { errorText, errorUnit, intervalText } from './error_text.js';
import { jsonNote } from './json_note.js';
import type { TextTable } from './summary_section.js';

/** What plans say about themselves: calibration against held-out episodes. */
export function certificateTable(facts: ReportFacts): TextTable {
  const unit = errorUnit(facts);
  return {
    headings: [
      'plan',
      `on calibration episodes, ${unit.name}`,
      'on held-out episodes',
      'own spread',
      'without correction, held-out',
      'without a network (S = 0), held-out',
      'ms predicted',
      'ms measured here',
      'episodes',
    ],
    rows: facts.rows.flatMap(({ name, certificate, time }) => {
      if (!certificate) return [];
      const { calibration, held_out: held, noise_spread: spread } = certificate;
      const text = (value: number | null | undefined): string =>
        value == null ? '' : errorText(value, unit);
      return [
        {
          cells: [
            name,
            intervalText(calibration.error.rms, unit),
            held ? intervalText(held.error.rms, unit) : '',
            text(spread?.difference),
            text(certificate.correction?.held_out),
            text(certificate.control?.held_out),
            certificate.predicted_ms === null ? '' : ms(certificate.predicted_ms),
            time ? ms(time.median_ms) : '',
            `${calibration.episodes.length} and ${held?.episodes.length ?? 0}`,
          ],
        },
      ];
    }),
  };
}

/** What share of each camera's pictures has changed. */
export function cameraText({ cameras }: DriftFacts): string {
  return Object.entries(cameras)
    .map(([name, { beyond }]) => `${name} ${percent(beyond)}`)
    .join(', ');
}

/** What plans take for usual observations, and how usual those of the report are. */
export function driftTable(facts: ReportFacts): TextTable {
  return {
    headings: [
      'plan',
      'threshold: nearest calibration observation',
      'threshold: beyond the range of a value',
      'observations',
      'beyond',
      'monitor says drift',
      'median distance',
      'largest',
    ],
    rows: facts.rows.flatMap(({ name, drift }) =>
      drift
        ? [
            {
              cells: [
                name,
                small(drift.thresholds.nearest),
                small(drift.thresholds.range),
                String(drift.observations),
                percent(drift.beyond),
                percent(drift.raised),
                small(drift.median),
                small(drift.max),
              ],
            },
          ]
        : [],
    ),
  };
}

/** Both as a section; empty where no plan has a certificate. */
export function certificateSection(facts: ReportFacts): Html[] {
  const measured = certificateTable(facts);
  const drift = driftTable(facts);
  if (measured.rows.length === 0 && drift.rows.length === 0) return [];
  return [
    html`<h2>Certificates</h2>
      <p>
        What was measured when the plans were made. Where the error on held-out episodes is far
        above that on calibration episodes, the plan fits its calibration data and not the task.
        ${jsonNote('rows[].certificate')}
      </p>
      ${dataTable(measured.headings, measured.rows)}`,
    ...(drift.rows.length === 0
      ? []
      : [
          html`<h3>Drift</h3>
            <p>
              How far the observations of this report are from those a plan was calibrated on, in
              units of what nine of ten calibration episodes stay within. On a robot, several in a
              row beyond 1 are drift: the certificate says nothing there.
              ${jsonNote('rows[].drift')}
            </p>
            ${dataTable(drift.headings, drift.rows)}`,
        ]),
  ];
}
