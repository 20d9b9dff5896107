import type { Plan } from '../caching/plan.js';
import { dataTable } from './data_table.js';
import { ms, small } from './format_number.js';
import { Html, html } from './html.js';
import { jointChart, type DrawnMotion } from './joint_chart.js';
import type { JointMotion } from './joint_motion.js';
import { latencyChart } from './latency_chart.js';
import { legend } from './legend.js';
import { page } from './page.js';
import { COLOURS } from './palette.js';
import type { ReplayFacts, Replays } from './replay_facts.js';
import { replayWords } from './replay_words.js';
import { planSection } from './sections/plan_section.js';

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
export function replayPage(shown: ReplayPage): string {
  const { title, facts } = shown;
  const motions: DrawnMotion[] = [
    {
      name: 'sent to the robot when recorded',
      motion: shown.sent,
      colour: COLOURS.recorded,
      width: 5,
      type: 'solid',
    },
    {
      name: 'dense',
      motion: shown.replays.dense,
      colour: COLOURS.dense,
      width: 1.8,
      type: 'solid',
    },
    {
      name: 'with the plan',
      motion: shown.replays.cached,
      colour: COLOURS.cached,
      width: 1.8,
      type: 'dashed',
    },
  ];
  const originNs = shown.sent.pieces[0]![0]!.timeNs;
  return page(title, [
    html`${replayWords(facts).map((sentence) => html`<p>${sentence}</p>`)}
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
            { label: facts.planName, ...facts.cached },
          ]),
        )}
      </figure>
      <h2>The plan</h2>
      ${planSection(shown.plan)}
      <h2>The motion</h2>
      <p>
        What each joint is told to do, ${facts.chunks} chunks in ${facts.episodes} episodes. The
        replay starts every chunk from what was recorded, so nothing moves here: it shows what the
        policy would have sent. A diffusion policy draws its motion at random; the recorded one was
        drawn from other noise than the two replayed ones.
      </p>
      ${legend(motions.map((line) => [line.name, `${line.width}px ${line.type} ${line.colour}`]))}
      <div class="charts">
        ${shown.units.map((unit, joint) => new Html(jointChart(motions, joint, unit, originNs)))}
      </div>
      <h2>How this was measured</h2>
      <ul>
        ${shown.notes.map((note) => html`<li>${note}</li>`)}
      </ul>`,
  ]);
}

function timesTable({ dense, cached, planName }: ReplayFacts): Html {
  const rows = [
    { ...dense, name: 'dense' },
    { ...cached, name: planName },
  ];
  return dataTable(
    ['policy', 'median', '90th percentile', 'against dense', 'multiply-adds'],
    rows.map((row) => ({
      cells: [
        row.name,
        ms(row.median_ms),
        ms(row.p90_ms),
        `${(dense.median_ms / row.median_ms).toFixed(1)}x`,
        `${(100 * row.cost).toFixed(1)} %`,
      ],
    })),
  );
}

function deviationTable({ joints, units }: ReplayFacts): Html {
  const together = units.filter(({ name }) => joints.every((joint) => joint.name !== name));
  return dataTable(
    [
      'difference from dense',
      'plan, root mean square',
      'plan, maximum',
      'dense from other noise, root mean square',
    ],
    [...joints, ...together].map(({ name, unit, cachedRms, cachedMax, otherNoiseRms }) => ({
      cells: [name, ...[cachedRms, cachedMax, otherNoiseRms].map((v) => `${small(v)} ${unit}`)],
    })),
  );
}
