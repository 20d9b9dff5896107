import type { CameraFilm } from './camera_film.js';
import { dataTable } from './data_table.js';
import { ms, small } from './format_number.js';
import { Html, html } from './html.js';
import { type DrawnMotion, jointChart } from './joint_chart.js';
import type { JointMotion } from './joint_motion.js';
import { latencyChart } from './latency_chart.js';
import { legend } from './legend.js';
import { page } from './page.js';
import { COLOURS } from './palette.js';
import type { ReplayFacts } from './replay_facts.js';
import { replayWords } from './replay_words.js';
import { planSection } from './sections/plan_section.js';

/** Colours of the plans, in their order. */
const PLAN_COLOURS = [COLOURS.cached, COLOURS.other, COLOURS.purple];

/** What is shown of a bag that was replayed dense and with plans. */
export interface ReplayPage {
  readonly title: string;
  readonly facts: ReplayFacts;
  readonly dense: JointMotion;
  /** With the plans of the facts, in their order; at most three. */
  readonly motions: readonly JointMotion[];
  /** What was sent to the robot when the bag was recorded. */
  readonly sent: JointMotion;
  /** What the policy's cameras saw; none for a policy without cameras. */
  readonly films: readonly CameraFilm[];
  /** Units of the joints, one each. */
  readonly units: readonly string[];
  /** What the numbers were measured on, and how to measure them again. */
  readonly notes: readonly string[];
}

/** One HTML page that stands alone: no script, and nothing is fetched. */
export function replayPage({
  title,
  facts,
  dense,
  motions,
  sent,
  films,
  units,
  notes,
}: ReplayPage): string {
  const drawn: DrawnMotion[] = [
    {
      name: 'sent to the robot when recorded',
      motion: sent,
      colour: COLOURS.recorded,
      width: 5,
      type: 'solid',
    },
    { name: 'dense', motion: dense, colour: COLOURS.dense, width: 1.8, type: 'solid' },
    ...motions.map((motion, i): DrawnMotion => ({
      name: facts.plans[i]!.label,
      motion,
      colour: PLAN_COLOURS[i]!,
      width: 1.8,
      type: 'dashed',
    })),
  ];
  const originNs = sent.pieces[0]![0]!.timeNs;
  return page(title, [
    html`${replayWords(facts).map((sentence) => html`<p>${sentence}</p>`)} ${filmStrip(films)}
      <h2>The numbers</h2>
      ${timesTable(facts)} ${deviationTable(facts)}
      <h2>Time of a chunk</h2>
      ${legend([
        ['median', `12px solid ${COLOURS.dense}`],
        ['90th percentile', `12px solid ${COLOURS.recorded}`],
      ])}
      <figure class="narrow">
        ${new Html(
          latencyChart([
            { label: 'dense', ...facts.dense },
            ...facts.plans.map(({ name, bench }) => ({ label: name, ...bench })),
          ]),
        )}
      </figure>
      <h2>The plans</h2>
      ${planSection(
        ...facts.plans.map(({ label, plan }) => ({
          ...plan,
          caption: label,
          affineFrom: plan.correction === 'affine' ? [...new Set([0, ...plan.evaluations])] : [],
        })),
      )}
      <h2>The motion</h2>
      <p>
        What each joint is told to do, ${facts.chunks} chunks in ${facts.episodes} episodes. The
        replay starts every chunk from what was recorded, so nothing moves here: it shows what the
        policy would have sent. A diffusion policy draws its motion at random; the recorded one was
        drawn from other noise than those replayed.
      </p>
      ${legend(drawn.map((line) => [line.name, `${line.width}px ${line.type} ${line.colour}`]))}
      <div class="charts">
        ${units.map((unit, joint) => new Html(jointChart(drawn, joint, unit, originNs)))}
      </div>
      <h2>How this was measured</h2>
      <ul>
        ${notes.map((note) => html`<li>${note}</li>`)}
      </ul>`,
  ]);
}

function filmStrip(films: readonly CameraFilm[]): Html {
  if (films.length === 0) return html``;
  const figures = films.map(
    ({ name, frames, webp }) =>
      html`<figure>
        <img src="data:image/webp;base64,${webp.toString('base64')}" alt="what ${name} saw" />
        <figcaption>${name}, ${frames} pictures</figcaption>
      </figure>`,
  );
  return html`<h2>What the robot saw and did</h2>
    <div class="films">${figures}</div>
    <p class="quiet">
      The pictures of the bag, all that the policy was shown beside the joints, at the speed at
      which they were recorded.
    </p>`;
}

function timesTable({ dense, plans }: ReplayFacts): Html {
  const rows = [
    { ...dense, name: 'dense' },
    ...plans.map(({ label, name, bench }) => ({ ...bench, name: `${label}, ${name}` })),
  ];
  return dataTable(
    ['policy', 'time', 'against dense', 'median by the clock', '90th percentile', 'multiply-adds'],
    rows.map((row) => ({
      cells: [
        row.name,
        ms(row.own_ms),
        `${(dense.own_ms / row.own_ms).toFixed(1)}x`,
        ms(row.median_ms),
        ms(row.p90_ms),
        `${(100 * row.cost).toFixed(1)} %`,
      ],
    })),
  );
}

function deviationTable({ plans, otherNoise }: ReplayFacts): Html {
  const { joints, units } = otherNoise;
  const together = units.filter(({ name }) => joints.every((joint) => joint.name !== name));
  const find = (of: Pick<ReplayFacts['otherNoise'], 'joints' | 'units'>, wanted: string) =>
    [...of.joints, ...of.units].find(({ name }) => name === wanted)!;
  return dataTable(
    [
      'difference from dense',
      ...plans.flatMap(({ label }) => [`${label}, root mean square`, 'maximum']),
      'dense from other noise, root mean square',
    ],
    [...joints, ...together].map(({ name, unit, rms }) => ({
      cells: [
        name,
        ...[...plans.flatMap((plan) => [find(plan, name).rms, find(plan, name).max]), rms].map(
          (value) => `${small(value)} ${unit}`,
        ),
      ],
    })),
  );
}
