import type { ReportFacts, SourceFacts } from '../facts/report_facts.js';
import { type Html, html } from '../html.js';

/** What the numbers depend on, as name and value. */
export function provenance(facts: ReportFacts): [name: string, value: string][] {
  const { made, policy, observations, calibration } = facts;
  const list = (sources: readonly SourceFacts[]): string =>
    sources.map(({ name, sha256 }) => `${name} (${sha256.slice(0, 12)})`).join(', ');
  return [
    [
      'policy',
      `${policy.directory}, from ${policy.source}, policy.json ${policy.sha256.slice(0, 12)}`,
    ],
    [
      'network',
      `${policy.layers} layers, embedding ${policy.embedding}, horizon ${policy.horizon}, ${policy.executed_actions} actions executed, ${policy.solver} with ${policy.denoising_steps} steps`,
    ],
    [
      'observations',
      `${observations.count} of ${observations.available}${observations.episodes === null ? '' : ` from ${observations.episodes} episodes`}, ${observations.held_out ? 'none of them calibrated on' : 'calibrated on'}: ${list(observations.sources)}`,
    ],
    [
      'calibration',
      `${calibration.file} (${calibration.sha256.slice(0, 12)}), ${calibration.samples} observations: ${list(calibration.sources)}`,
    ],
    ...facts.rows.flatMap(({ name, plan }): [string, string][] =>
      plan?.file ? [[`plan ${name}`, `${plan.file} (${plan.sha256.slice(0, 12)})`]] : [],
    ),
    [
      'machine',
      `${made.machine.cpu}, ${made.machine.cores} cores; ${made.threads} thread${made.threads === 1 ? '' : 's'} per operator`,
    ],
    [
      'versions',
      Object.entries(made.versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(', '),
    ],
    ['noise', `seed ${made.seed}, and ${made.seed + 1} for the other noise`],
    ['chunks', `${made.chunks} of each plan`],
    ['date', made.date],
  ];
}

/** How to make every number and figure again. */
export function provenanceSection(facts: ReportFacts): Html {
  return html`<p>
      Every number and figure of this report comes from one command; with
      <code>--format json</code> it prints all of them.
    </p>
    <pre>${[...facts.made.before, facts.made.command].join('\n')}</pre>
    <ul>
      ${provenance(facts).map(([name, value]) => html`<li><b>${name}</b>: ${value}</li>`)}
      ${facts.skipped.map(({ name, why }) => html`<li><b>${name}</b> was left out: ${why}</li>`)}
    </ul>
    <ul>
      <li>
        Times: the compiled engine, all plans in turn with dense (A B C A B C ..., in groups of 16),
        one chunk each, so that a machine whose speed drifts slows all alike.
      </li>
      <li>
        Errors: every observation is denoised from two noises, by dense and by every plan; an error
        is the difference between a plan and dense from the same noise, in the executed actions.
      </li>
      <li>Own spread: the difference between dense from one noise and dense from the other.</li>
      <li>Similarity: from the calibration alone. Update rasters: from the plans alone.</li>
    </ul>`;
}
