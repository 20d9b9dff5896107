import { COLOURS } from '../palette.js';
import { svgChart } from '../svg_chart.js';

/** One line of a chart. */
export interface DrawnLine {
  readonly name: string;
  readonly colour: string;
  readonly type: 'solid' | 'dashed' | 'dotted';
  /** px. */
  readonly width: number;
  /** x and y; a y of null ends a line, so that what follows is not joined to it. */
  readonly points: readonly (readonly [x: number, y: number | null])[];
}

/** What a line chart says around its lines. */
export interface LineChartText {
  readonly title?: string;
  readonly xName: string;
  readonly yName?: string;
  /** For those who cannot see it; the names of the lines are added. */
  readonly description: string;
}

/** Lines of fewer points show each of them. */
const FEW_POINTS = 12;

/** Lines over numbers, both axes even. SVG. */
export function lineChart(
  lines: readonly DrawnLine[],
  { title, xName, yName, description }: LineChartText,
  options: {
    /** px; 520 by 230 unless told otherwise. Small ones have smaller text. */
    readonly size?: { readonly width: number; readonly height: number };
    /** Whether the y axis begins at 0. */
    readonly fromZero?: boolean;
    /** Whether x are whole numbers that are counted. */
    readonly whole?: boolean;
  } = {},
): string {
  const { size = { width: 520, height: 230 }, fromZero = false, whole = false } = options;
  const fontSize = size.width < 400 ? 10.5 : 12;
  return svgChart(
    {
      ...(title !== undefined && {
        title: {
          text: title,
          left: 4,
          textStyle: { fontSize: fontSize + 1, fontWeight: 600, color: COLOURS.ink },
        },
      }),
      grid: {
        left: yName === undefined ? 48 : 62,
        right: 16,
        top: title === undefined ? 14 : 38,
        bottom: 40,
        outerBoundsMode: 'none',
      },
      xAxis: {
        type: 'value',
        name: xName,
        nameLocation: 'middle',
        nameGap: 24,
        nameTextStyle: { fontSize },
        axisLabel: { fontSize },
        min: 'dataMin',
        max: 'dataMax',
        ...(whole && { minInterval: 1 }),
        splitLine: { show: false },
        axisLine: { onZero: false },
      },
      yAxis: {
        type: 'value',
        scale: !fromZero,
        axisLabel: { fontSize },
        ...(size.height < 200 && { splitNumber: 4 }),
        ...(yName !== undefined && { name: yName, nameLocation: 'middle', nameGap: 44 }),
      },
      series: lines.map(({ name, colour, type, width, points }) => ({
        type: 'line',
        name,
        // Few points are meant one by one.
        showSymbol: points.length < FEW_POINTS,
        symbol: 'circle',
        symbolSize: 1.5 + 1.5 * width,
        itemStyle: { color: colour },
        lineStyle: { color: colour, width, type },
        data: points,
      })),
    },
    size,
    `${description}: ${lines.map(({ name }) => name).join(', ')}`,
  );
}
