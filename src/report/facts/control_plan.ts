import type { Trajectories } from '../../caching/trajectories.js';
import { sha256 } from '../../files.js';
import { formatPlan } from '../../policy/plan_file.js';
import type { PolicyPackage } from '../../policy/policy_package.js';
import { affinePlan } from '../../search/affine_plan.js';
import { PlanSearch } from '../../search/plan_search.js';
import type { NamedPlan } from './measure_plans.js';

/** Name of the control's row. */
export const CONTROL_ROW = 'no network (S = 0)';
/** Method of the control's plan. */
export const CONTROL_METHOD = 'no-network';

/**
 * The control of every table: an affine policy without any network, S = 0. One affine map leads from the initial
 * noise, the condition and the noise of the steps to the final sample, fitted on a calibration's dense runs as the
 * runs of a searched plan are. A plan must evaluate the network at step 0; this one's map does not look at what
 * comes of it, so that the compiled graph leaves it out.
 */
export async function controlPlan(
  policy: PolicyPackage,
  trajectories: Trajectories,
  { threads }: { readonly threads: number },
): Promise<NamedPlan> {
  const weights = Array<number>(policy.manifest.architecture.action_dim).fill(1);
  const search = await PlanSearch.open(policy, trajectories, { weights, threads });
  try {
    const { plan, constants } = affinePlan(policy, await search.control(), CONTROL_METHOD);
    const digest = sha256(Buffer.from(formatPlan(plan)));
    return { name: CONTROL_ROW, file: null, plan: { plan, sha256: digest, constants } };
  } finally {
    await search.close();
  }
}
