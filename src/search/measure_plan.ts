import { rmsDifference } from '../caching/rms_difference.js';
import { denoisingProgram } from '../caching/denoising_program.js';
import type { MadePlan } from '../caching/methods/method.js';
import type { Trajectories } from '../caching/trajectories.js';
import { openDenoiser } from '../inference/denoiser.js';
import { executedActions } from '../policy/executed_actions.js';
import { denoisingSteps } from '../policy/noise_schedule.js';
import type { PolicyPackage } from '../policy/policy_package.js';

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
  const { samples, condition, states } = trajectories;
  const size = states[0]!.length / samples;
  const width = condition.length / samples;
  const piece = (values: Float32Array, row: number): Float32Array =>
    values.slice(row * size, (row + 1) * size);
  const denoiser = await openDenoiser(policy, denoisingProgram(manifest, made), options);
  try {
    const plan: number[] = [];
    const dense: number[] = [];
    for (const row of rows) {
      const noise = { initial: piece(states[0]!, row), steps: noiseOf(policy, trajectories, row) };
      const observed = condition.slice(row * width, (row + 1) * width);
      const { action } = await denoiser.denoise(observed, noise);
      plan.push(...action);
      dense.push(...executedActions(manifest, piece(states.at(-1)!, row)));
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

/** The step noise (K, T, A) of a dense run, entry t of timestep t, out of its states. */
function noiseOf(
  { manifest }: PolicyPackage,
  { samples, states, clean }: Trajectories,
  row: number,
): Float32Array {
  const steps = denoisingSteps(manifest.noise_scheduler);
  const size = states[0]!.length / samples;
  const noise = new Float32Array(steps.length * size);
  for (const [k, { c0, c1, sigma }] of steps.entries()) {
    if (sigma === 0) continue;
    for (let i = 0; i < size; i++) {
      const at = row * size + i;
      const added = states[k + 1]![at]! - c0 * clean[k]![at]! - c1 * states[k]![at]!;
      noise[(steps.length - 1 - k) * size + i] = added / sigma;
    }
  }
  return noise;
}
