import { rmsDifference } from '../caching/rms_difference.js';
import type { Calibration } from '../caching/calibration.js';
import { type DenoisingInputs, spreadEvenly } from '../caching/denoising_inputs.js';
import { denoisingProgram } from '../caching/denoising_program.js';
import type { MadePlan, MethodContext } from '../caching/methods/method.js';
import { methodNamed } from '../caching/methods/methods.js';
import type { Trajectories } from '../caching/trajectories.js';
import { calibrationRun } from '../inference/calibration_run.js';
import { openInterpreter } from '../inference/interpreter.js';
import { seededBatchNoise } from '../inference/seeded_batch_noise.js';
import { executedActions } from '../policy/executed_actions.js';
import type { PolicyManifest } from '../policy/manifest.js';
import type { PolicyPackage } from '../policy/policy_package.js';
import { progressBar } from './terminal.js';

/** Observations that methods run the policy on: what they fit has few degrees of freedom, and runs take long. */
const OBSERVATIONS = 32;

/** What a published method makes a plan from. */
export interface MethodPlanOptions {
  /** That fits the policy. */
  readonly calibration?: Calibration;
  /** The plan to build upon. */
  readonly base?: MadePlan;
  /** The method's own, unchecked. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly threads: number;
}

/**
 * Makes the plan of a published method. Methods that need runs of the policy run it block by block on some of
 * the calibration's observations, with noise by the calibration's seed.
 * @throws BadInput when the method does not exist, or lacks something
 */
export async function methodPlan(
  policy: PolicyPackage,
  name: string,
  { calibration, base, options, threads }: MethodPlanOptions,
): Promise<MadePlan> {
  const { manifest } = policy;
  const method = methodNamed(name);
  const context: MethodContext = {
    policySha256: policy.sha256,
    manifest,
    ...(calibration && { calibration }),
    ...(base && { base }),
  };
  const trajectories = calibration?.trajectories;
  const needsRuns = method.needs.some((need) => need !== 'features');
  if (!needsRuns || !trajectories) return method.make(context, options);
  const inputs = observations(trajectories, manifest, calibration.seed);
  const interpreter = await openInterpreter(policy, { threads });
  const bar = progressBar('denoising steps', inputs.samples * manifest.noise_scheduler.steps);
  try {
    const run = calibrationRun(interpreter, manifest, inputs, (samples) => bar.advance(samples));
    let dense: Float32Array | undefined;
    const measure = async (made: MadePlan): Promise<number> => {
      dense ??= executedActions(manifest, (await interpreter.run(inputs)).sample);
      const program = denoisingProgram(manifest, made);
      const { sample } = await interpreter.run({ ...inputs, program });
      return rmsDifference(executedActions(manifest, sample), dense);
    };
    return await method.make({ ...context, run, measure }, options);
  } finally {
    bar.stop();
    await interpreter.close();
  }
}

/** Some observations, each once, with noise by the seed. */
function observations(
  { condition, observations: of, samples }: Trajectories,
  manifest: PolicyManifest,
  seed: number,
): DenoisingInputs {
  const first = [...of.keys()].filter((i) => of.indexOf(of[i]!) === i);
  const chosen = spreadEvenly(first.length, OBSERVATIONS).map((i) => first[i]!);
  const size = condition.length / samples;
  const picked = new Float32Array(chosen.length * size);
  for (const [i, sample] of chosen.entries()) {
    picked.set(condition.subarray(sample * size, (sample + 1) * size), i * size);
  }
  return {
    samples: chosen.length,
    condition: picked,
    ...seededBatchNoise(seed, chosen.length, manifest),
  };
}
