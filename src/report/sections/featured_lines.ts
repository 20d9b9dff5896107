import type { DrawnLine } from '../charts/line_chart.js';
import type { ReportFacts, ReportRow } from '../facts/report_facts.js';
import { COLOURS } from '../palette.js';

/** How the curves of a featured plan look in every chart. */
export type LineLook = Pick<DrawnLine, 'colour' | 'type' | 'width'>;

const LINES = [
  COLOURS.cached,
  COLOURS.other,
  COLOURS.purple,
  COLOURS.gold,
  COLOURS.rose,
  COLOURS.moss,
  COLOURS.slate,
];

/** The look of dense. */
export const DENSE_LINE: LineLook = { colour: COLOURS.dense, type: 'solid', width: 2.2 };
/** The look of dense from other noise. */
export const NOISE_LINE: LineLook = { colour: COLOURS.quiet, type: 'dotted', width: 1.6 };

/** Featured plans and how their curves look. */
export function featuredLines({ rows }: ReportFacts): { row: ReportRow; look: LineLook }[] {
  return rows
    .filter(({ featured }) => featured)
    .map((row, i) => ({
      row,
      look: {
        colour: LINES[i % LINES.length]!,
        type: i < LINES.length ? 'solid' : 'dashed',
        width: 1.8,
      },
    }));
}

/** Its border in a legend. */
export function legendBorder({ colour, type, width }: LineLook): string {
  return `${Math.max(width, 2)}px ${type} ${colour}`;
}
