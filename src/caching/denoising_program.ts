import { BadInput } from '../errors.js';
import { sha256 } from '../files.js';
import type { PolicyManifest } from '../policy/manifest.js';
import type { DenoisingStep } from '../policy/noise_schedule.js';
import type { PlanConstants } from '../policy/plan_file.js';
import { solverSteps } from '../policy/solver_steps.js';
import { affineRuns } from './affine_constants.js';
import type { AffineRun } from './affine_run.js';
import { blockIndex } from './blocks.js';
import { checkPlanFields } from './check_plan_fields.js';
import { evaluationsOf, type Plan } from './plan.js';
import type { Predict } from './plan_fields.js';

/** When and how one block is computed. */
export interface BlockProgram {
  /** Steps that compute it, ascending, the first 0. */
  readonly updates: readonly number[];
  /** What the other steps add. */
  readonly predict: Predict;
  /** Per update the tokens that are computed anew, null = all; absent = all always. */
  readonly tokens?: readonly (readonly number[] | null)[];
}

/** A plan as the engines run it: read, checked, its constants in place. */
export interface DenoisingProgram {
  /**
   * Of the plan's solver, with the factors of a noise-scale correction in q; timestep, p and q of an evaluation that
   * looks ahead are those of the level of noise at which the network is asked.
   */
  readonly steps: readonly DenoisingStep[];
  /** Per step, the row of the policy's step noise (K, ...) that it adds. */
  readonly noiseRows: readonly number[];
  /** In canonical order. */
  readonly blocks: readonly BlockProgram[];
  /** Steps at which any block is computed, ascending. */
  readonly evaluations: readonly number[];
  /** One per evaluation: what happens from there to the next instead of single denoising steps. */
  readonly affine?: readonly AffineRun[];
  readonly numerics: Plan['numerics'];
  readonly memory?: Plan['memory'];
  readonly decision?: Plan['decision'];
  readonly constants: PlanConstants;
}

/**
 * What a plan means for a policy; without a plan, the dense policy.
 * @param file a plan that was checked to fit the policy, and its constants
 * @throws BadInput when constants are missing or of the wrong shape, or fields contradict each other
 */
export function denoisingProgram(
  manifest: PolicyManifest,
  file?: { readonly plan: Plan; readonly constants: PlanConstants },
  where = 'plan',
): DenoisingProgram {
  const { noise_scheduler: scheduler, architecture } = manifest;
  if (!file) {
    const every = Array.from({ length: scheduler.steps }, (_, k) => k);
    return {
      steps: solverSteps(scheduler, scheduler.kind, scheduler.steps),
      noiseRows: [...every].reverse(),
      blocks: Array.from({ length: 3 * architecture.layers }, () => ({
        updates: every,
        predict: { kind: 'reuse' },
      })),
      evaluations: every,
      numerics: { kind: 'fp32' },
      constants: new Map(),
    };
  }
  const { plan, constants } = file;
  const { correction, memory, decision, numerics } = plan;
  checkPlanFields(plan, architecture, where);
  const factors = correction?.kind === 'noise-scale' ? correction.factors : undefined;
  if (factors && factors.length !== plan.steps) {
    throw new BadInput(
      `correction.factors: has ${factors.length} factors for ${plan.steps} steps`,
      where,
      'make the plan again with bac-policy plan',
    );
  }
  if (plan.steps > scheduler.steps) {
    throw new BadInput(
      `has ${plan.steps} steps, the policy only ${scheduler.steps}`,
      where,
      'make a plan for this policy with bac-policy plan',
    );
  }
  const own = solverSteps(scheduler, plan.solver.kind, plan.steps);
  const blocks = [...plan.blocks].sort((a, b) => blockIndex(a) - blockIndex(b));
  const evaluations = evaluationsOf(plan);
  const stride = Math.floor(scheduler.steps / plan.steps);
  const affine =
    correction?.kind === 'affine'
      ? affineRuns(evaluations, own, architecture, constants, where)
      : undefined;
  const askedAs = new Map(
    affine?.flatMap(({ begin, lookAhead }) => (lookAhead ? [[begin, own[lookAhead.level]!]] : [])),
  );
  const steps = own.map((step, k) => {
    const { timestep, p, q } = askedAs.get(k) ?? step;
    return { ...step, timestep, p, q: factors ? q * factors[k]! : q };
  });
  return {
    steps,
    noiseRows: steps.map((_, k) => (steps.length - 1 - k) * stride),
    blocks: blocks.map(({ updates, predict, tokens }) => ({
      updates,
      predict,
      ...(tokens && { tokens }),
    })),
    evaluations,
    ...(affine && { affine }),
    numerics,
    ...(memory && { memory }),
    ...(decision && { decision }),
    constants,
  };
}

/** What a program does, apart from the policy: graphs are kept under it. */
export function programKey({ affine, constants, ...rest }: DenoisingProgram): string {
  const digests = [...constants].map(([name, { data }]) => [
    name,
    sha256(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
  ]);
  return JSON.stringify([rest, affine !== undefined, digests]);
}

/** Whether every block is computed at every step of the policy's own solver, in whatever numbers. */
export function isDense(program: DenoisingProgram, manifest: PolicyManifest): boolean {
  const { noise_scheduler: scheduler } = manifest;
  const own = solverSteps(scheduler, scheduler.kind, scheduler.steps);
  return (
    program.blocks.every(({ updates, tokens }) => updates.length === own.length && !tokens) &&
    JSON.stringify(program.steps) === JSON.stringify(own) &&
    !program.affine &&
    !program.memory &&
    !program.decision
  );
}
