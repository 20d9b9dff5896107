import { latencyHistograms } from './charts/latency_histograms.js';
import type { ReportFacts } from './facts/report_facts.js';
import { Html, html } from './html.js';
import { page } from './page.js';
import { certificateSection } from './sections/certificate_section.js';
import { elsewhereSection } from './sections/elsewhere_section.js';
import { errorSection } from './sections/error_section.js';
import { jsonNote } from './sections/json_note.js';
import { overlaySection } from './sections/overlay_section.js';
import { paretoSection } from './sections/pareto_section.js';
import { planSection } from './sections/plan_section.js';
import { provenanceSection } from './sections/provenance_section.js';
import { similaritySection } from './sections/similarity_section.js';
import { summarySection } from './sections/summary_section.js';
import { verdictSection } from './sections/verdict_section.js';

/** A report as one HTML page that stands alone: no script, and nothing is fetched. */
export async function reportPage(facts: ReportFacts): Promise<string> {
  const featured = facts.rows.filter((row) => row.featured);
  const timed = facts.rows.flatMap(({ name, time, featured: own, method }) =>
    time && (own || method === 'dense') ? [{ name, ...time }] : [],
  );
  const rasters = featured.flatMap(({ name, plan }) =>
    plan
      ? [
          {
            ...plan,
            caption: name,
            affineFrom: plan.correction === 'affine' ? [...new Set([0, ...plan.evaluations])] : [],
          },
        ]
      : [],
  );
  return page(`Which plan to take for ${facts.policy.source}`, [
    verdictSection(facts),
    html`<h2>Error against time and cost</h2>
      ${paretoSection(facts)}
      <h2>The numbers</h2>
      ${summarySection(facts)}
      <h2>Where the errors arise</h2>
      ${errorSection(facts)}
      <h2>Chunks, dense and by plans</h2>
      ${overlaySection(facts)}
      <h2>Times of a chunk</h2>
      <figure class="narrow">
        ${new Html(latencyHistograms(timed))}
        <figcaption>
          How many chunks took how long, each row for itself; the line is the median.
          ${jsonNote('rows[].time.chunks_ms')}
        </figcaption>
      </figure>
      <h2>When which block is computed</h2>
      ${planSection(...rasters)}
      <p class="quiet">${jsonNote('rows[].plan')}</p>
      ${elsewhereSection(facts)} ${certificateSection(facts)}
      <h2>How alike the blocks are from step to step</h2>
      ${await similaritySection(facts)}
      <h2 id="made">How this was made</h2>
      ${provenanceSection(facts)}`,
  ]);
}
