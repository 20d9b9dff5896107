import { denoisingProgram } from '../caching/denoising_program.js';
import type { MadePlan } from '../caching/methods/method.js';
import { rmsDifference } from '../caching/rms_difference.js';
import type { Trajectories } from '../caching/trajectories.js';
import { openDenoiser } from '../inference/denoiser.js';
import { type Inpainting, softWeight } from '../policy/inpainting.js';
import type { PolicyPackage } from '../policy/policy_package.js';
import { DenseRuns } from './dense_runs.js';

/** Share of the executed rows that real-time chunking holds fixed here. */
const FIXED = 1 / 4;

/**
 * Error of a plan where chunks go on from another one, as in real-time chunking: against the dense policy, with the
 * same noise and the same rows known. What is known of a run is what a dense run made of its observation; the noise is
 * that of the next run.
 * @param rows of dense runs, two or more
 * @returns root mean square over executed actions, physical units
 */
export async function inpaintedError(
  policy: PolicyPackage,
  made: MadePlan,
  trajectories: Trajectories,
  rows: readonly number[],
  { threads }: { readonly threads: number },
): Promise<number> {
  const { manifest } = policy;
  const { horizon, first_action_step, n_action_steps } = manifest.architecture;
  const fixed = first_action_step + Math.ceil(FIXED * n_action_steps);
  const weight = softWeight(manifest.architecture, fixed, horizon);
  const runs = new DenseRuns(policy, trajectories);
  const actionsBy = async (
    program?: ReturnType<typeof denoisingProgram>,
  ): Promise<Float32Array> => {
    const denoiser = await openDenoiser(policy, program, { threads, inpainting: true });
    try {
      const actions: number[] = [];
      for (const [i, row] of rows.entries()) {
        const inpainting: Inpainting = { known: runs.sample(row), weight };
        const noise = runs.noise(rows[(i + 1) % rows.length]!);
        actions.push(...(await denoiser.denoise(runs.condition(row), noise, inpainting)).action);
      }
      return Float32Array.from(actions);
    } finally {
      await denoiser.close();
    }
  };
  const planned = await actionsBy(denoisingProgram(manifest, made));
  return rmsDifference(planned, await actionsBy());
}
