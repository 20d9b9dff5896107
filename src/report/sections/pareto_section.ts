import { methodLooks } from '../charts/method_look.js';
import { paretoChart, type ParetoPicture } from '../charts/pareto_chart.js';
import { CONTROL_METHOD } from '../facts/control_plan.js';
import type { ReportFacts, ReportRow } from '../facts/report_facts.js';
import { ms, percent, plain } from '../format_number.js';
import { Html, html } from '../html.js';
import { controlSentence } from './correction_section.js';
import { errorText, errorUnit } from './error_text.js';
import { jsonNote } from './json_note.js';
import { searchSentences } from './search_sentence.js';

/** Where what costs far less than all else stands, relative to the cheapest of the others. */
const EDGE = 0.6;

/** Error against time and against cost, every method. */
export function paretoSection(facts: ReportFacts): Html {
  const unit = errorUnit(facts);
  const plans = facts.rows.filter(({ error }) => error && error.rms.value > 0);
  const dense = facts.rows[0]!;
  const counts = new Map<string, number>();
  for (const { method } of plans) counts.set(method, (counts.get(method) ?? 0) + 1);
  const { rms } = facts.noise_error;
  const common = {
    looks: methodLooks(plans.map(({ method }) => method)),
    yName: `error, ${unit.name}`,
    spread: {
      value: unit.factor * rms.value,
      low: unit.factor * rms.low,
      high: unit.factor * rms.high,
    },
    curves: ['search', ...[...counts.keys()].filter((method) => method !== 'search')],
  };
  const labels = labelsOf(plans);
  const point = (row: ReportRow, x: number): ParetoPicture['points'][number] => ({
    ...(labels.has(row.name) && { label: labels.get(row.name)! }),
    method: row.method,
    x,
    y: unit.factor * row.error!.rms.value,
    title:
      `${row.name}: error ${errorText(row.error!.rms.value, unit)}, ${percent(row.cost)} of the multiply-adds` +
      (row.time ? `, ${ms(row.time.median_ms)}` : ''),
  });
  const timed = plans.filter(({ time }) => time);
  /** The control costs next to nothing: it stands at the left edge, or everything else would be squeezed together. */
  const places = (
    rows: readonly ReportRow[],
    of: (row: ReportRow) => number,
  ): ParetoPicture['points'] => {
    const others = rows.filter(({ name }) => name !== facts.control).map(of);
    const edge = EDGE * Math.min(...others, of(dense));
    return rows.map((row) => point(row, Math.max(edge, of(row))));
  };
  const charts = [
    timed.length > 0 &&
      figure('rows[].time.median_ms', {
        ...common,
        points: places(timed, (row) => row.time!.median_ms),
        xName: 'ms for one chunk of actions (median)',
        xLabel: plain,
        dense: dense.time!.median_ms,
      }),
    plans.length > 0 &&
      figure('rows[].cost', {
        ...common,
        points: places(plans, (row) => row.cost),
        xName: 'multiply-adds relative to dense, %',
        xLabel: (cost) => plain(Number((100 * cost).toPrecision(6))),
        dense: 1,
      }),
  ].filter((chart) => chart !== false);
  const hollow = plans.some(({ other_solver: other }) => other);
  return html`<p>
      Further left is faster, further down is closer to what dense does from the same noise. Points
      below the dashed line differ from dense by less than dense does from itself with other noise;
      the grey band is the line's 95 % interval.
      ${
        hollow
          ? 'Hollow points are other solvers: they draw other samples, and their height here does not judge them (see below).'
          : ''
      }
      ${
        facts.control === null
          ? ''
          : 'The red diamond is an affine policy without any network, the control; it costs next to nothing and stands at the left edge.'
      }
    </p>
    <div class="charts">${charts}</div>
    <h3>Does any method beat the search?</h3>
    <ul>
      ${[...searchSentences(facts), controlSentence(facts)].map(
        (sentence) => html`<li>${sentence}</li>`,
      )}
    </ul>`;
}

function figure(along: string, picture: ParetoPicture): Html {
  return html`<figure>
    ${new Html(paretoChart(picture))}
    <figcaption>${jsonNote(along, 'rows[].error.rms', 'noise_error.rms')}</figcaption>
  </figure>`;
}

/** Plans that were given go by their own names; of each other method the costliest plan by the method's. */
function labelsOf(rows: readonly ReportRow[]): ReadonlyMap<string, string> {
  const labels = new Map<string, string>();
  for (const { name, method, plan, cost } of rows) {
    if (method === CONTROL_METHOD) {
      labels.set(name, 'no network');
      continue;
    }
    const same = rows.filter((row) => row.method === method && !row.plan?.file);
    if (plan?.file || same.length === 1) labels.set(name, name);
    else if (same.every((row) => row.cost <= cost)) labels.set(name, method);
  }
  return labels;
}
