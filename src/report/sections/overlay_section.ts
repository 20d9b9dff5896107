import { lineChart } from '../charts/line_chart.js';
import type { ReportFacts } from '../facts/report_facts.js';
import { Html, html } from '../html.js';
import { legend } from '../legend.js';
import { jsonNote } from './json_note.js';
import {
  DENSE_LINE,
  featuredLines,
  legendBorder,
  type LineLook,
  NOISE_LINE,
} from './featured_lines.js';

/** Some chunks joint by joint, dense and by plans. */
export function overlaySection(facts: ReportFacts): Html {
  const looks = new Map<string, LineLook>([
    ['dense', DENSE_LINE],
    ['dense, other noise', NOISE_LINE],
    ...featuredLines(facts).map(({ row, look }) => [row.name, look] as const),
  ]);
  const shown = new Set(facts.overlays.flatMap(({ lines }) => lines.map(({ name }) => name)));
  return html`<p>
      What the joints are told to do in one chunk: dense, the same from other noise, and by plans
      from the noise of dense. ${jsonNote('overlays')}
    </p>
    ${legend([...shown].map((name) => [name, legendBorder(looks.get(name)!)]))}
    ${facts.overlays.map(
      ({ what, lines }) =>
        html`<h3>${what}</h3>
          <div class="charts small">
            ${facts.policy.joints.map(
              ({ name: joint, unit }, j) =>
                html`<figure>
                  ${new Html(
                    lineChart(
                      lines.map(({ name, actions }) => ({
                        ...looks.get(name)!,
                        name,
                        points: actions.map((action, i) => [i + 1, action[j]!]),
                      })),
                      {
                        title: `${joint}, ${unit}`,
                        xName: 'action of the chunk',
                        description: `${joint} in the chunk with ${what}`,
                      },
                      { whole: true, size: { width: 300, height: 170 } },
                    ),
                  )}
                </figure>`,
            )}
          </div>`,
    )}`;
}
