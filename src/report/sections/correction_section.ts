import { dataTable } from '../data_table.js';
import type { ReportFacts, ReportRow } from '../facts/report_facts.js';
import { type Html, html } from '../html.js';
import { errorText, errorUnit, intervalText } from './error_text.js';
import { jsonNote } from './json_note.js';
import type { TextTable } from './summary_section.js';

/** The row of the control without a network, where there is one. */
function controlRow({ rows, control }: ReportFacts): ReportRow | undefined {
  return rows.find(({ name }) => name === control);
}

/** Errors of plans that have a correction, with it and without it, and of the control. */
export function correctionTable(facts: ReportFacts): TextTable {
  const unit = errorUnit(facts);
  const corrected = facts.rows.flatMap(({ name, error, without_correction: without }) =>
    error && without ? [{ name, error, without }] : [],
  );
  if (corrected.length === 0) return { headings: [], rows: [] };
  const control = controlRow(facts);
  return {
    headings: ['plan', `with its correction, ${unit.name}`, 'without it'],
    rows: [
      ...corrected.map(({ name, error, without }) => ({
        cells: [name, intervalText(error.rms, unit), intervalText(without, unit)],
      })),
      ...(control ? [{ cells: [control.name, intervalText(control.error!.rms, unit), ''] }] : []),
    ],
  };
}

/** What the control says about corrections, in a sentence or two. */
export function controlSentence(facts: ReportFacts): string {
  const control = controlRow(facts);
  const rule =
    'A claim for a correction counts only where an affine policy without any network (S = 0) fails';
  if (!control) return `${rule}: the calibration holds no dense runs to fit that control on.`;
  const unit = errorUnit(facts);
  const { rms } = control.error!;
  const spread = facts.noise_spread.difference;
  const found = `its error is ${errorText(rms.value, unit)}, the own spread ${errorText(spread, unit)}`;
  return rms.low > spread
    ? `${rule}. Here it fails: ${found}.`
    : `${rule}. Here it does not: ${found}. On this task corrections prove nothing.`;
}

/** The share that corrections have; empty where no plan has one. */
export function correctionSection(facts: ReportFacts): Html[] {
  const { headings, rows } = correctionTable(facts);
  if (rows.length === 0) return [];
  return [
    html`<h3>What the corrections do</h3>
      ${dataTable(headings, rows)}
      <p class="quiet">
        ${jsonNote('rows[].error.rms', 'rows[].without_correction')} The same plan with and without
        its correction, on the same observations and noises; without it, blocks reuse what they
        stored. ${controlSentence(facts)}
      </p>`,
  ];
}
