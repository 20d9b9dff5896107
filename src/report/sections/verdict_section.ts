import { budgetPicks, type BudgetPick } from '../facts/budget_picks.js';
import type { ReportFacts, ReportRow } from '../facts/report_facts.js';
import { ms, percent, times } from '../format_number.js';
import { type Html, html } from '../html.js';
import { errorText, errorUnit } from './error_text.js';

/** Which plan to take, in a few cards. */
export function verdictSection(facts: ReportFacts): Html {
  const picks = budgetPicks(facts);
  const unit = errorUnit(facts);
  const dense = facts.rows[0]!;
  const spread = errorText(facts.noise_spread.difference, unit);
  const card = ({ share, row }: BudgetPick<ReportRow>): Html =>
    html`<div class="card">
      <h3>${title(share)}</h3>
      <strong>${row.name}</strong>
      <p><b>${ms(row.time!.median_ms)}</b> ${times(row.time!.vs_dense)} faster than dense</p>
      <p>
        error ${errorText(row.error!.rms.value, unit)}, 95 % of chunks below
        ${errorText(row.error!.per_sample.p95.value, unit)}
      </p>
      <p class="quiet">${percent(row.cost)} of the multiply-adds</p>
    </div>`;
  return html`<p>
      Two dense chunks for the same observation differ by <b>${spread}</b> (root mean square) only
      because their noise differs. A plan whose error is well below that changes less than the
      policy's own randomness does.
    </p>
    <div class="cards">
      ${picks.map(card)}
      <div class="card">
        <h3>Every block at every step</h3>
        <strong>dense</strong>
        <p><b>${ms(dense.time!.median_ms)}</b></p>
        <p>what errors are measured against</p>
      </div>
    </div>
    <p class="quiet">
      One command measures all of this; it is <a href="#made">printed at the end</a>. With
      <code>--format json</code> it prints the numbers of every figure, under the names that stand
      below it.
    </p>
    ${
      picks.length === 0
        ? html`<p>No plan here has an error below the spread: none of them can be recommended.</p>`
        : []
    }
    ${
      facts.observations.held_out
        ? []
        : html`<p>
            <b>These observations were calibrated on.</b> Errors on others will be larger: measure
            on episodes that no plan has seen.
          </p>`
    }`;
}

function title(share: number): string {
  const part =
    share === 1 ? "the policy's own spread" : `1/${Math.round(1 / share)} of the own spread`;
  return `Fastest with an error below ${part}`;
}
