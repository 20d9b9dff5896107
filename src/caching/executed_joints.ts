import type { PolicyManifest } from '../policy/manifest.js';

/** One dimension of an executed action. */
export interface ExecutedJoint {
  readonly name: string;
  /** Such as `rad` or `m`; `1` where the policy does not say. */
  readonly unit: string;
  /** Of a joint that takes one of two values, such as a gripper: what lies between them. */
  readonly threshold?: number;
}

/** Part of a joint's range from either end within which a value counts as one of two. */
const NEAR = 0.15;
/** A joint has two values when this share of its actions is near one of them, ... */
const MOST = 0.9;
/** ... and at least this share near each. */
const SOME = 0.02;

/**
 * The joints of a policy, and which of them are two-valued according to the actions of the dense policy.
 * @param actions executed, physical units, (N, Ta, A)
 */
export function executedJoints(
  { architecture, action }: PolicyManifest,
  actions: Float32Array,
): ExecutedJoint[] {
  const { action_dim: joints } = architecture;
  return Array.from({ length: joints }, (_, j) => {
    const unit = Array.isArray(action.unit) ? action.unit[j] : action.unit;
    const values = actions.filter((_, i) => i % joints === j);
    const threshold = thresholdOf(values);
    return {
      name: action.joint_names?.[j] ?? `action ${j}`,
      unit: unit ?? '1',
      ...(threshold !== undefined && { threshold }),
    };
  });
}

/** The middle of the range of values that lie at its two ends, else undefined. */
function thresholdOf(values: Float32Array): number | undefined {
  const [low, high] = [least(values), -least(values.map((value) => -value))];
  const near = NEAR * (high - low);
  const lows = values.filter((value) => value <= low + near).length / values.length;
  const highs = values.filter((value) => value >= high - near).length / values.length;
  const isTwoValued = high > low && lows + highs >= MOST && Math.min(lows, highs) >= SOME;
  return isTwoValued ? (low + high) / 2 : undefined;
}

function least(values: Float32Array): number {
  return values.reduce((a, b) => Math.min(a, b), Infinity);
}
