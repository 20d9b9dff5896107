import type { JointMotion } from '../../src/report/joint_motion.js';

/** A motion of joints a, b, ...: for each piece, for each target, the positions. Targets are 50 ms apart. */
export function motionOf(pieces: readonly (readonly (readonly number[])[])[]): JointMotion {
  let target = 0;
  return {
    jointNames: pieces[0]![0]!.map((_, joint) => String.fromCharCode(97 + joint)),
    pieces: pieces.map((piece) =>
      piece.map((positions) => ({ timeNs: BigInt(target++) * 50_000_000n, positions })),
    ),
  };
}
