import { type DrawnLine, lineChart } from './charts/line_chart.js';
import type { JointMotion } from './joint_motion.js';

/** A motion and how it is drawn. */
export interface DrawnMotion extends Omit<DrawnLine, 'points'> {
  readonly motion: JointMotion;
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
  return lineChart(
    drawn.map(({ motion, ...look }) => ({
      ...look,
      // Pieces are not joined.
      points: motion.pieces.flatMap((piece) => [
        ...piece.map(({ timeNs, positions }): [number, number | null] => [
          secondsSince(timeNs, originNs),
          positions[joint]!,
        ]),
        [secondsSince(piece.at(-1)!.timeNs, originNs), null] as const,
      ]),
    })),
    {
      title: `${name}, ${unit}`,
      xName: 's since the bag begins',
      description: `${name} over time`,
    },
  );
}

function secondsSince(timeNs: bigint, originNs: bigint): number {
  return Number(timeNs - originNs) / 1e9;
}
