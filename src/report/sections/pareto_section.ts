import { methodLooks } from '../charts/method_look.js';
import { paretoChart, type ParetoPicture } from '../charts/pareto_chart.js';
import type { ReportFacts, ReportRow } from '../facts/report_facts.js';
import { ms, percent, plain } from '../format_number.js';
import { Html, html } from '../html.js';
import { controlSentence } from './correction_section.js';
import { errorText, errorUnit } from './error_text.js';
import { searchSentences } from './search_sentence.js';

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
  const charts = [
    timed.length > 0 &&
      paretoChart({
        ...common,
        points: timed.map((row) => point(row, row.time!.median_ms)),
        xName: 'ms for one chunk of actions (median)',
        xLabel: plain,
        dense: dense.time!.median_ms,
      }),
    plans.length > 0 &&
      paretoChart({
        ...common,
        points: plans.map((row) => point(row, row.cost)),
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
    </p>
    ${searchSentences(facts).map((sentence) => html`<p>${sentence}</p>`)}
    <p>${controlSentence(facts)}</p>
    <div class="charts">${charts.map((chart) => html`<figure>${new Html(chart)}</figure>`)}</div>`;
}

/** Plans that were given go by their own names; of each other method the costliest plan by the method's. */
function labelsOf(rows: readonly ReportRow[]): ReadonlyMap<string, string> {
  const labels = new Map<string, string>();
  for (const { name, method, plan, cost } of rows) {
    const same = rows.filter((row) => row.method === method && !row.plan?.file);
    if (plan?.file || same.length === 1) labels.set(name, name);
    else if (same.every((row) => row.cost <= cost)) labels.set(name, method);
  }
  return labels;
}
