import { budgetPicks } from './facts/budget_picks.js';
import type { ReportFacts } from './facts/report_facts.js';
import { ms, times } from './format_number.js';
import { certificateTable, driftTable } from './sections/certificate_section.js';
import { controlSentence, correctionTable } from './sections/correction_section.js';
import { elsewhereSentences, elsewhereTable } from './sections/elsewhere_section.js';
import { jointTable } from './sections/error_section.js';
import { errorText, errorUnit } from './sections/error_text.js';
import { provenance } from './sections/provenance_section.js';
import { searchSentences } from './sections/search_sentence.js';
import { errorTable, summaryTable, type TextTable } from './sections/summary_section.js';

/** The tables of a report as Markdown, for a repository or a message; figures are in the page only. */
export function reportMarkdown(facts: ReportFacts): string {
  const unit = errorUnit(facts);
  const picks = budgetPicks(facts).map(
    ({ row }) =>
      `- **${row.name}**: ${ms(row.time!.median_ms)}, ${times(row.time!.vs_dense)} faster than dense, error ${errorText(row.error!.rms.value, unit)}`,
  );
  const sections: [string, string][] = [
    [
      `# Plans for ${facts.policy.source}`,
      [
        `Own spread over noise seeds: ${errorText(facts.noise_spread.difference, unit)}.`,
        '',
        ...picks,
        '',
        ...searchSentences(facts),
        controlSentence(facts),
      ].join('\n'),
    ],
    ['## Time, cost and error', tableText(summaryTable(facts))],
    ['## How the errors are spread', tableText(errorTable(facts))],
    ['## Error by joint', tableText(jointTable(facts))],
    ['## What the corrections do', tableText(correctionTable(facts))],
    [
      '## Outside the calibration data',
      [...elsewhereSentences(facts), '', tableText(elsewhereTable(facts))].join('\n').trim(),
    ],
    ['## Certificates', tableText(certificateTable(facts))],
    ['## Drift', tableText(driftTable(facts))],
    [
      '## How this was made',
      [
        '```sh',
        ...facts.made.before,
        facts.made.command,
        '```',
        '',
        ...provenance(facts).map(([name, value]) => `- ${name}: ${value}`),
        ...facts.skipped.map(({ name, why }) => `- left out: ${name} (${why})`),
      ].join('\n'),
    ],
  ];
  return `${sections
    .filter(([, text]) => text !== '')
    .map(([heading, text]) => `${heading}\n\n${text}`)
    .join('\n\n')}\n`;
}

/** Empty where there are no rows. */
function tableText({ headings, rows }: TextTable): string {
  if (rows.length === 0) return '';
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const rule = headings.map((_, i) => (i === 0 ? '---' : '--:'));
  return [line(headings), line(rule), ...rows.map(({ cells }) => line(cells))].join('\n');
}
