import { affineConstants } from '../../caching/affine_constants.js';
import { blocksOf } from '../../caching/blocks.js';
import { makePlan } from '../../caching/make_plan.js';
import type { Trajectories } from '../../caching/trajectories.js';
import { sha256 } from '../../files.js';
import { openBatchedNetwork } from '../../inference/batched_network.js';
import { denoisingSteps } from '../../policy/noise_schedule.js';
import { formatPlan } from '../../policy/plan_file.js';
import type { PolicyPackage } from '../../policy/policy_package.js';
import { ActionError } from '../../search/action_error.js';
import { AffineRollout } from '../../search/affine_rollout.js';
import { searchSplit } from '../../search/search_split.js';
import type { NamedPlan } from './measure_plans.js';

/** Name of the control's row. */
export const CONTROL_ROW = 'no network (S = 0)';
/** Method of the control's plan. */
export const CONTROL_METHOD = 'no-network';

/** Ridges that are tried; the one that leaves the least error on episodes left out of the fit counts. */
const RIDGES = [1e-3, 1e-2, 1e-1, 1] as const;

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
  const { architecture, noise_scheduler: scheduler } = policy.manifest;
  const { steps } = scheduler;
  const folds = searchSplit(trajectories);
  const network = await openBatchedNetwork(policy, trajectories.condition, { threads });
  const rollout = new AffineRollout(
    { architecture, clipRange: scheduler.clip_range },
    denoisingSteps(scheduler),
    trajectories,
    folds,
    network,
  );
  try {
    const weights = Array<number>(architecture.action_dim).fill(1);
    const error = new ActionError(policy.manifest, weights, folds);
    const fits = [];
    for (const ridge of RIDGES) {
      const strengths = { ridge, condition: 1, previous: 0 };
      const { arrival, run } = await (
        await rollout.runsFrom(rollout.unevaluated(), strengths)
      ).to(steps);
      fits.push({ run, error: error.of(arrival.x, trajectories.states[steps]!) });
    }
    const { run } = fits.reduce((best, fit) => (fit.error < best.error ? fit : best));
    const target = {
      policySha256: policy.sha256,
      layers: architecture.layers,
      steps,
      solver: scheduler.kind,
    };
    const schedules = blocksOf(architecture.layers).map(() => [0]);
    const plan = {
      ...makePlan(target, { name: CONTROL_METHOD }, schedules),
      correction: { kind: 'affine' as const },
    };
    return {
      name: CONTROL_ROW,
      file: null,
      plan: {
        plan,
        sha256: sha256(Buffer.from(formatPlan(plan))),
        constants: affineConstants([run()]),
      },
    };
  } finally {
    await rollout.close();
    await network.close();
  }
}
