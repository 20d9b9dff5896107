import { rmsDifference } from '../caching/rms_difference.js';
import { denoisingProgram } from '../caching/denoising_program.js';
import type { MadePlan } from '../caching/methods/method.js';
import type { Trajectories } from '../caching/trajectories.js';
import { openDenoiser } from '../inference/denoiser.js';
import { executedActions } from '../policy/executed_actions.js';
import type { PolicyPackage } from '../policy/policy_package.js';
import { DenseRuns } from './dense_runs.js';

/** What the compiled engine made of some dense runs' starts. */
export interface PlanMeasurement {
  /** Executed actions of the plan and of the dense policy with the same noise, (n, Ta, A), physical. */
  readonly actions: { readonly plan: Float32Array; readonly dense: Float32Array };
  readonly multiplyAdds: number;
}

/** Runs a plan as a robot would, on the starts of dense runs. @param rows which of them */
export async function measurePlan(
  policy: PolicyPackage,
  made: MadePlan,
  trajectories: Trajectories,
  rows: readonly number[],
  options: { readonly threads: number },
): Promise<PlanMeasurement> {
  const { manifest } = policy;
  const runs = new DenseRuns(policy, trajectories);
  const denoiser = await openDenoiser(policy, denoisingProgram(manifest, made), options);
  try {
    const plan: number[] = [];
    const dense: number[] = [];
    for (const row of rows) {
      const { action } = await denoiser.denoise(runs.condition(row), runs.noise(row));
      plan.push(...action);
      dense.push(...executedActions(manifest, runs.sample(row)));
    }
    return {
      actions: { plan: Float32Array.from(plan), dense: Float32Array.from(dense) },
      multiplyAdds: denoiser.multiplyAdds,
    };
  } finally {
    await denoiser.close();
  }
}

/** Root mean square over all actions. @param weights of the joints, A of them; absent = 1 each */
export function rootMeanSquare(
  { actions: { plan, dense } }: Pick<PlanMeasurement, 'actions'>,
  weights: readonly number[] = [1],
): number {
  const mean = weights.reduce((sum, weight) => sum + weight, 0) / weights.length;
  const scaled = (values: Float32Array): Float32Array =>
    values.map((value, i) => value * Math.sqrt(weights[i % weights.length]! / mean));
  return rmsDifference(scaled(plan), scaled(dense));
}
