import { BLOCK_KINDS } from '../caching/blocks.js';
import type { Plan } from '../caching/plan.js';
import { Html, html } from './html.js';
import { jointChart, type DrawnMotion } from './joint_chart.js';
import type { JointMotion } from './joint_motion.js';
import { latencyChart } from './latency_chart.js';
import { PAGE_STYLE } from './page_style.js';
import type { Deviation, ReplayFacts, Replays } from './replay_facts.js';
import { ms, replayWords, small } from './replay_words.js';
import { COLOURS } from './svg_chart.js';
import { kindLabel, KIND_COLOURS, updateRaster } from './update_raster.js';

/** What is shown of a bag that was replayed dense and with a plan. */
export interface ReplayPage {
  readonly title: string;
  readonly plan: Plan;
  readonly facts: ReplayFacts;
  readonly replays: Replays;
  /** What was sent to the robot when the bag was recorded. */
  readonly sent: JointMotion;
  /** Units of the joints, one each. */
  readonly units: readonly string[];
  /** What the numbers were measured on, and how to measure them again. */
  readonly notes: readonly string[];
}

/** One HTML page that stands alone: no script, and nothing is fetched. */
export function replayPage(page: ReplayPage): string {
  const { title, facts } = page;
  const motions: DrawnMotion[] = [
    {
      name: 'sent to the robot when recorded',
      motion: page.sent,
      colour: COLOURS.recorded,
      width: 5,
      type: 'solid',
    },
    {
      name: 'dense',
      motion: page.replays.dense,
      colour: COLOURS.dense,
      width: 1.8,
      type: 'solid',
    },
    {
      name: 'with the plan',
      motion: page.replays.cached,
      colour: COLOURS.cached,
      width: 1.8,
      type: 'dashed',
    },
  ];
  const originNs = page.sent.pieces[0]![0]!.timeNs;
  const { text } = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <style>
          ${new Html(PAGE_STYLE)}
        </style>
      </head>
      <body>
        <h1>${title}</h1>
        ${replayWords(facts).map((sentence) => html`<p>${sentence}</p>`)}
        <h2>The numbers</h2>
        ${timesTable(facts)} ${deviationTable(facts)}
        <h2>Time of a chunk</h2>
        ${legend([
          ['median', `12px solid ${COLOURS.dense}`],
          ['90th percentile', `12px solid ${COLOURS.faint}`],
        ])}
        ${new Html(
          latencyChart([
            { label: 'dense', ...facts.dense },
            { label: facts.planName, ...facts.cached },
          ]),
        )}
        <h2>The plan</h2>
        <p>
          A mark is a block that is computed. Where there is none, the output that the block had at
          its last mark is added again. The first step computes every block.
        </p>
        ${legend(BLOCK_KINDS.map((kind) => [kindLabel(kind), `12px solid ${KIND_COLOURS[kind]}`]))}
        ${new Html(updateRaster(page.plan))}
        <h2>The motion</h2>
        <p>
          What each joint is told to do, ${facts.chunks} chunks in ${facts.episodes} episodes. The
          replay starts every chunk from what was recorded, so nothing moves here: it shows what the
          policy would have sent. A diffusion policy draws its motion at random; the recorded one
          was drawn from other noise than the two replayed ones.
        </p>
        ${legend(motions.map((line) => [line.name, `${line.width}px ${line.type} ${line.colour}`]))}
        <div class="joints">
          ${page.units.map((unit, joint) => new Html(jointChart(motions, joint, unit, originNs)))}
        </div>
        <h2>How this was measured</h2>
        <ul>
          ${page.notes.map((note) => html`<li>${note}</li>`)}
        </ul>
      </body>
    </html> `;
  return text;
}

/** What the colours of a chart mean. @param entries a name and a border (CSS) that looks like its line */
function legend(entries: readonly (readonly [name: string, border: string])[]): Html {
  const items = entries.map(
    ([name, border]) => html`<span><i style="border-top: ${border}"></i>${name}</span>`,
  );
  return html`<p class="legend">${items}</p>`;
}

function timesTable({ dense, cached, planName }: ReplayFacts): Html {
  const rows = [
    { ...dense, name: 'dense' },
    { ...cached, name: planName },
  ];
  return html`<table>
    <thead>
      <tr>
        <th>policy</th>
        <th>median</th>
        <th>90th percentile</th>
        <th>against dense</th>
        <th>multiply-adds</th>
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        (row) =>
          html`<tr>
            <td>${row.name}</td>
            <td>${ms(row.median_ms)}</td>
            <td>${ms(row.p90_ms)}</td>
            <td>${(dense.median_ms / row.median_ms).toFixed(1)}x</td>
            <td>${(100 * row.cost).toFixed(1)} %</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

function deviationTable({ joints, units }: ReplayFacts): Html {
  const row = (deviation: Deviation): Html =>
    html`<tr>
      <td>${deviation.name}</td>
      <td>${small(deviation.cachedRms)} ${deviation.unit}</td>
      <td>${small(deviation.cachedMax)} ${deviation.unit}</td>
      <td>${small(deviation.otherNoiseRms)} ${deviation.unit}</td>
    </tr>`;
  const together = units.filter(({ name }) => joints.every((joint) => joint.name !== name));
  return html`<table>
    <thead>
      <tr>
        <th>difference from dense</th>
        <th>plan, root mean square</th>
        <th>plan, maximum</th>
        <th>dense from other noise, root mean square</th>
      </tr>
    </thead>
    <tbody>
      ${joints.map(row)} ${together.map(row)}
    </tbody>
  </table>`;
}
