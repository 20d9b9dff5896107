import type { JointMotion } from './joint_motion.js';

/** How far two motions of one joint are apart, in the joint's unit. */
export interface JointDifference {
  readonly joint: string;
  /** Root of the mean of the squared difference over all targets. */
  readonly rms: number;
  readonly max: number;
}

/**
 * Compares two motions joint by joint, target by target.
 * @throws RangeError unless both have the same joints and targets for the same times
 */
export function motionDifference(a: JointMotion, b: JointMotion): JointDifference[] {
  const [left, right] = [a.pieces.flat(), b.pieces.flat()];
  const same =
    left.length === right.length &&
    left.every(({ timeNs }, i) => timeNs === right[i]!.timeNs) &&
    a.jointNames.join() === b.jointNames.join();
  if (!same || left.length === 0) throw new RangeError('the motions are not of the same times');
  return a.jointNames.map((joint, j) => {
    const differences = left.map(({ positions }, i) =>
      Math.abs(positions[j]! - right[i]!.positions[j]!),
    );
    return { joint, rms: rootMeanSquare(differences), max: Math.max(...differences) };
  });
}

/** Root of the mean square. */
export function rootMeanSquare(values: readonly number[]): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length);
}
