import { dataTable } from '../data_table.js';
import type { ReportFacts } from '../facts/report_facts.js';
import { type Html, html } from '../html.js';
import { errorText, errorUnit, intervalText } from './error_text.js';
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
      'episodes',
    ],
    rows: facts.rows.flatMap(({ name, certificate }) => {
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
            `${calibration.episodes.length} and ${held?.episodes.length ?? 0}`,
          ],
        },
      ];
    }),
  };
}

/** The same as a section; empty where no plan has a certificate. */
export function certificateSection(facts: ReportFacts): Html[] {
  const { headings, rows } = certificateTable(facts);
  if (rows.length === 0) return [];
  return [
    html`<h2>Certificates</h2>
      <p>
        What was measured when the plans were made. Where the error on held-out episodes is far
        above that on calibration episodes, the plan fits its calibration data and not the task.
      </p>
      ${dataTable(headings, rows)}`,
  ];
}
