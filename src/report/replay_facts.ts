import type { BenchRow } from '../bench/measure.js';
import { planName } from '../caching/plan_name.js';
import type { PlanFile } from '../policy/plan_file.js';
import { planFacts } from './facts/plan_facts.js';
import type { PlanFacts } from './facts/report_facts.js';
import { shownUnit } from './format_number.js';
import type { JointMotion } from './joint_motion.js';
import { motionDifference, rootMeanSquare } from './motion_difference.js';

/** The same bag replayed dense, twice. */
export interface DenseReplays {
  readonly dense: JointMotion;
  /** From other noise: how much the policy itself leaves open. */
  readonly otherNoise: JointMotion;
}

/** The same bag replayed with a plan, from the noise of the first dense replay. */
export interface PlanReplay {
  /** What readers call it. */
  readonly label: string;
  readonly file: PlanFile;
  readonly motion: JointMotion;
  readonly bench: BenchRow;
}

/** How far joint targets are from the dense ones, in a unit that suits small differences. */
export interface Deviation {
  readonly name: string;
  readonly unit: string;
  readonly rms: number;
  readonly max: number;
}

/** What a replay with a plan has shown. */
export interface ReplayedPlan {
  readonly label: string;
  readonly name: string;
  readonly plan: PlanFacts;
  readonly bench: BenchRow;
  /** By joint. */
  readonly joints: readonly Deviation[];
  /** All joints of the same unit together, in the order of the joints. */
  readonly units: readonly Deviation[];
}

/** What replays of one bag have shown. */
export interface ReplayFacts {
  readonly chunks: number;
  readonly episodes: number;
  readonly actionsPerChunk: number;
  readonly dense: BenchRow;
  /** Of the dense replay from other noise. */
  readonly otherNoise: Pick<ReplayedPlan, 'joints' | 'units'>;
  readonly plans: readonly ReplayedPlan[];
}

/** Counts and compares. @param units of the joints, one each */
export function replayFacts(
  units: readonly string[],
  { dense, otherNoise }: DenseReplays,
  plans: readonly PlanReplay[],
  denseBench: BenchRow,
  episodes: number,
): ReplayFacts {
  const { pieces } = dense;
  return {
    chunks: pieces.length,
    episodes,
    actionsPerChunk: pieces[0]!.length,
    dense: denseBench,
    otherNoise: deviations(otherNoise, dense, units),
    plans: plans.map(({ label, file, motion, bench }) => ({
      label,
      name: planName(file.plan),
      plan: planFacts(file, null),
      bench,
      ...deviations(motion, dense, units),
    })),
  };
}

function deviations(
  motion: JointMotion,
  dense: JointMotion,
  units: readonly string[],
): Pick<ReplayedPlan, 'joints' | 'units'> {
  const joints = motionDifference(motion, dense).map(({ joint, rms, max }, j): Deviation => {
    const { name: unit, factor } = shownUnit(units[j]!);
    return { name: joint, unit, rms: factor * rms, max: factor * max };
  });
  const together = [...new Set(joints.map(({ unit }) => unit))].map((unit): Deviation => {
    const members = joints.filter((joint) => joint.unit === unit);
    return {
      name: members.length === 1 ? members[0]!.name : `${members.length} joints`,
      unit,
      rms: rootMeanSquare(members.map(({ rms }) => rms)),
      max: Math.max(...members.map(({ max }) => max)),
    };
  });
  return { joints, units: together };
}
