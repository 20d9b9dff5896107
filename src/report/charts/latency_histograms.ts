import { html } from '../html.js';
import { COLOURS } from '../palette.js';
import { ms, plain } from '../format_number.js';
import { svgChart } from '../svg_chart.js';
import { logAxis } from './log_axis.js';

/** Times of the chunks of one plan. */
export interface LatencyRow {
  readonly name: string;
  readonly median_ms: number;
  readonly p90_ms: number;
  readonly p99_ms: number;
  /** ms, every chunk. */
  readonly chunks_ms: readonly number[];
}

const WIDTH = 520;
const ROW = 46;
const BINS = 90;
/** Room above the bars for the name. */
const TEXT = 17;
const GRID = { left: 8, right: 12, top: 4, bottom: 44, outerBoundsMode: 'none' };

/**
 * How the times of a plan's chunks are spread: a row of bars for each plan over one logarithmic axis, the tallest
 * bar of every row equally high, a mark at the median. SVG.
 */
export function latencyHistograms(rows: readonly LatencyRow[]): string {
  const axis = logAxis(rows.flatMap((row) => row.chunks_ms));
  const height = GRID.top + GRID.bottom + ROW * rows.length;
  const span = WIDTH - GRID.left - GRID.right;
  const x = (time: number): number => round(GRID.left + axis.at(time) * span);
  const bars = rows.map((row, i) => {
    const foot = GRID.top + ROW * (i + 1) - 1;
    const counts = countsOf(row.chunks_ms, axis.at);
    const highest = Math.max(...counts);
    const path = counts
      .map((count, bin) => {
        const tall = round((count / highest) * (ROW - TEXT - 4));
        const left = round(GRID.left + (bin / BINS) * span);
        return count && `M${left} ${foot}v${-tall}h${round(span / BINS)}v${tall}z`;
      })
      .filter(Boolean)
      .join('');
    return html`<g>
      <title>${described(row)}</title>
      <path d="M${GRID.left} ${foot}h${span}" stroke="${COLOURS.faint}" fill="none" />
      <path d="${path}" fill="${COLOURS.dense}" />
      <path
        d="M${x(row.median_ms)} ${foot}v${-(ROW - TEXT - 2)}"
        stroke="${COLOURS.cached}"
        stroke-width="1.5"
        fill="none"
      />
      <text
        x="${GRID.left + 2}"
        y="${foot - ROW + TEXT - 3}"
        font-size="11.5"
        font-family="system-ui, sans-serif"
        fill="${COLOURS.ink}"
        stroke="${COLOURS.page}"
        stroke-width="3"
        paint-order="stroke"
        >${row.name}: median ${ms(row.median_ms)}</text
      >
    </g>`;
  });
  const marks = axis.marks.map((mark) => Math.log10(mark));
  return svgChart(
    {
      grid: GRID,
      xAxis: {
        type: 'value',
        min: Math.log10(axis.min),
        max: Math.log10(axis.max),
        name: 'ms for one chunk of actions',
        nameLocation: 'middle',
        nameGap: 26,
        axisTick: { show: true, customValues: marks },
        axisLabel: {
          customValues: marks,
          formatter: (value: number) => plain(Number((10 ** value).toPrecision(6))),
        },
      },
      yAxis: { type: 'value', show: false },
      series: [],
    },
    { width: WIDTH, height },
    `Times of a chunk: ${rows.map(described).join('; ')}`,
    html`${bars}`,
  );
}

function described({ name, median_ms: median, p90_ms: p90, p99_ms: p99 }: LatencyRow): string {
  return `${name}: median ${ms(median)}, 90 % within ${ms(p90)}, 99 % within ${ms(p99)}`;
}

function countsOf(times: readonly number[], at: (time: number) => number): number[] {
  const counts = Array.from({ length: BINS }, () => 0);
  for (const time of times) counts[Math.min(BINS - 1, Math.floor(at(time) * BINS))]!++;
  return counts;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
