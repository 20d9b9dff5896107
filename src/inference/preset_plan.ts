import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { PlanTarget } from '../caching/make_plan.js';
import { densePlan } from '../caching/methods/dense.js';
import { uniformPlan } from '../caching/methods/uniform.js';
import { sha256 } from '../files.js';
import { formatPlan, type PlanFile, readPlanFor } from '../policy/plan_file.js';
import type { PolicyPackage } from '../policy/policy_package.js';
import { PRESETS, type Preset } from '../policy/presets.js';

/**
 * Steps per update of the schedules that stand in for plans a package does not have, the update of the last
 * step included, which spares a third of the error at K / 5. Measured on DP-T policies for Lift (K = 100): the
 * error against dense is a fifth of the spread of the policy's own actions over noises with K / 2 updates, a
 * little less than it with K / 5, and three times as large with K / 10; with K / 20 it is seven times as large,
 * which is no use.
 */
const STEPS_PER_UPDATE = { quality: 2, balanced: 5, fast: 10 } as const;

/**
 * The plan of a preset: that of the package, `plans/NAME.json`, where there is one, else evenly spread updates
 * and the last step.
 * @returns with the digest of the file, or of the one that `plan --method uniform --final-update` would write;
 *   undefined for `dense`, which is no plan
 * @throws BadInput when the package's plan is damaged or for another policy
 */
export async function presetPlan(
  preset: Preset,
  policy: PolicyPackage,
): Promise<Omit<PlanFile, 'sha256'> & { readonly sha256: string | undefined }> {
  const { architecture, noise_scheduler: scheduler } = policy.manifest;
  const target: PlanTarget = {
    policySha256: policy.sha256,
    layers: architecture.layers,
    steps: scheduler.steps,
    solver: scheduler.kind,
  };
  if (preset === 'dense')
    return { plan: densePlan(target), sha256: undefined, constants: new Map() };
  const path = join(policy.directory, 'plans', `${preset}.json`);
  if (existsSync(path)) return readPlanFor(path, policy);
  return uniform(target, Math.round(target.steps / STEPS_PER_UPDATE[preset]));
}

function uniform(target: PlanTarget, wanted: number): PlanFile {
  const plan = uniformPlan(target, { updates: Math.max(1, wanted - 1), finalUpdate: true });
  return { plan, sha256: sha256(Buffer.from(formatPlan(plan))), constants: new Map() };
}

/** The presets to try in turn for one that is fast enough. */
export function fromPreset(preset: Preset): readonly Preset[] {
  return PRESETS.slice(PRESETS.indexOf(preset));
}
