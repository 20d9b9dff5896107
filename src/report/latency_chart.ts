import type { BenchRow } from '../bench/measure.js';
import { COLOURS } from './palette.js';
import { svgChart } from './svg_chart.js';

/** What is drawn of one measurement. */
export type LatencyRow = Pick<BenchRow, 'median_ms' | 'p90_ms'> & { readonly label: string };

/** Bar chart of the time of a chunk: the median in colour, up to the 90th percentile in grey. SVG. */
export function latencyChart(rows: readonly LatencyRow[]): string {
  const bar = { type: 'bar', barWidth: 22 };
  return svgChart(
    {
      grid: { left: 150, right: 172, top: 6, bottom: 46, outerBoundsMode: 'none' },
      xAxis: {
        type: 'value',
        name: 'ms for one chunk of actions',
        nameLocation: 'middle',
        nameGap: 28,
        splitLine: { lineStyle: { color: COLOURS.faint } },
      },
      yAxis: {
        type: 'category',
        inverse: true,
        data: rows.map((row) => row.label),
        axisTick: { show: false },
      },
      series: [
        {
          ...bar,
          name: '90th percentile',
          itemStyle: { color: COLOURS.recorded },
          barGap: '-100%',
          label: {
            show: true,
            position: 'right',
            formatter: ({ dataIndex }: { dataIndex: number }) => inWords(rows[dataIndex]!),
          },
          data: rows.map((row) => row.p90_ms),
        },
        {
          ...bar,
          name: 'median',
          itemStyle: { color: COLOURS.dense },
          data: rows.map((row) => row.median_ms),
        },
      ],
    },
    { width: 622, height: 52 + 34 * rows.length },
    `Time of a chunk: ${rows.map((row) => `${row.label} ${row.median_ms} ms`).join(', ')}`,
  );
}

function inWords({ median_ms: median, p90_ms: p90 }: LatencyRow): string {
  return `${median.toFixed(1)} ms (90 % within ${p90.toFixed(1)})`;
}
