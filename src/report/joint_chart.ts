import type { JointMotion } from './joint_motion.js';
import { COLOURS, svgChart } from './svg_chart.js';

/** A motion and how it is drawn. */
export interface DrawnMotion {
  readonly name: string;
  readonly motion: JointMotion;
  readonly colour: string;
  /** px. */
  readonly width: number;
  readonly type: 'solid' | 'dashed';
}

/**
 * Chart of one joint over time, a line for each motion. SVG.
 * @param joint index into the motions' joints
 * @param unit of the joint, for the axis
 * @param originNs time that the axis calls 0
 */
export function jointChart(
  drawn: readonly DrawnMotion[],
  joint: number,
  unit: string,
  originNs: bigint,
): string {
  const name = drawn[0]!.motion.jointNames[joint]!;
  return svgChart(
    {
      title: { text: `${name}, ${unit}`, left: 4, textStyle: { fontSize: 13, fontWeight: 600 } },
      grid: { left: 48, right: 16, top: 38, bottom: 40 },
      xAxis: {
        type: 'value',
        name: 's since the bag begins',
        nameLocation: 'middle',
        nameGap: 24,
        splitLine: { show: false },
        axisLine: { onZero: false },
      },
      yAxis: { type: 'value', scale: true, splitLine: { lineStyle: { color: COLOURS.faint } } },
      series: drawn.map(({ motion, colour, width, type, ...line }) => ({
        type: 'line',
        name: line.name,
        showSymbol: false,
        lineStyle: { color: colour, width, type },
        // A point without a value ends a line, so that pieces are not joined.
        data: motion.pieces.flatMap((piece) => [
          ...piece.map(({ timeNs, positions }) => [
            secondsSince(timeNs, originNs),
            positions[joint],
          ]),
          [secondsSince(piece.at(-1)!.timeNs, originNs), null],
        ]),
      })),
    },
    { width: 520, height: 230 },
    `${name} over time: ${drawn.map((line) => line.name).join(', ')}`,
  );
}

function secondsSince(timeNs: bigint, originNs: bigint): number {
  return Number(timeNs - originNs) / 1e9;
}
