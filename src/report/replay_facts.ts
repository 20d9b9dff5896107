import type { BenchRow } from '../bench/measure.js';
import type { Plan } from '../caching/plan.js';
import { planName } from '../caching/plan_name.js';
import { shownUnit } from './format_number.js';
import type { JointMotion } from './joint_motion.js';
import { motionDifference, rootMeanSquare } from './motion_difference.js';

/** The same bag replayed three times. */
export interface Replays {
  readonly dense: JointMotion;
  /** With the plan, from the same noise. */
  readonly cached: JointMotion;
  /** Dense again, from other noise: how much the policy itself leaves open. */
  readonly otherNoise: JointMotion;
}

/** How far joint targets are from the dense ones, in a unit that suits small differences. */
export interface Deviation {
  readonly name: string;
  readonly unit: string;
  /** Root mean square and maximum of the cached targets. */
  readonly cachedRms: number;
  readonly cachedMax: number;
  /** Root mean square of the dense targets from other noise. */
  readonly otherNoiseRms: number;
}

/** What a dense and a cached replay of one bag have shown. */
export interface ReplayFacts {
  readonly planName: string;
  readonly steps: number;
  readonly blockUpdates: number;
  /** Those of the dense policy. */
  readonly allBlockUpdates: number;
  readonly chunks: number;
  readonly episodes: number;
  readonly actionsPerChunk: number;
  readonly dense: BenchRow;
  readonly cached: BenchRow;
  /** By joint. */
  readonly joints: readonly Deviation[];
  /** All joints of the same unit together, in the order of the joints. */
  readonly units: readonly Deviation[];
}

/** Counts and compares. @param units of the joints, one each @param bench dense, then cached */
export function replayFacts(
  plan: Plan,
  units: readonly string[],
  replays: Replays,
  bench: readonly [BenchRow, BenchRow],
  episodes: number,
): ReplayFacts {
  const cached = motionDifference(replays.cached, replays.dense);
  const otherNoise = motionDifference(replays.otherNoise, replays.dense);
  const joints = units.map((unit, j): Deviation => {
    const { name: shown, factor } = shownUnit(unit);
    return {
      name: cached[j]!.joint,
      unit: shown,
      cachedRms: factor * cached[j]!.rms,
      cachedMax: factor * cached[j]!.max,
      otherNoiseRms: factor * otherNoise[j]!.rms,
    };
  });
  const together = [...new Set(joints.map(({ unit }) => unit))].map((unit): Deviation => {
    const members = joints.filter((joint) => joint.unit === unit);
    return {
      name: members.length === 1 ? members[0]!.name : `${members.length} joints`,
      unit,
      cachedRms: rootMeanSquare(members.map(({ cachedRms }) => cachedRms)),
      cachedMax: Math.max(...members.map(({ cachedMax }) => cachedMax)),
      otherNoiseRms: rootMeanSquare(members.map(({ otherNoiseRms }) => otherNoiseRms)),
    };
  });
  const { pieces } = replays.dense;
  return {
    planName: planName(plan),
    steps: plan.steps,
    blockUpdates: plan.blocks.reduce((sum, { updates }) => sum + updates.length, 0),
    allBlockUpdates: plan.blocks.length * plan.steps,
    chunks: pieces.length,
    episodes,
    actionsPerChunk: pieces[0]!.length,
    dense: bench[0],
    cached: bench[1],
    joints,
    units: together,
  };
}
