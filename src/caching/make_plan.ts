import { blocksOf } from './blocks.js';
import { PLAN_FORMAT, type Plan } from './plan.js';

/** The policy a plan is made for. */
export interface PlanTarget {
  /** Digest of the package's `policy.json`. */
  readonly policySha256: string;
  /** L. */
  readonly layers: number;
  /** K. */
  readonly steps: number;
  /** The policy's noise scheduler. */
  readonly solver: Plan['solver']['kind'];
}

/** Puts schedules, one per block in canonical order, into a plan that reuses stored branch outputs. */
export function makePlan(
  target: PlanTarget,
  method: Plan['method'],
  schedules: readonly (readonly number[])[],
  measured?: Record<string, unknown>,
): Plan {
  return {
    format: PLAN_FORMAT,
    policy_sha256: target.policySha256,
    steps: target.steps,
    solver: { kind: target.solver },
    method,
    blocks: blocksOf(target.layers).map((block, i) => ({
      ...block,
      updates: [...schedules[i]!],
      predict: { kind: 'reuse' },
    })),
    numerics: { kind: 'fp32' },
    ...(measured && { measured }),
  };
}
