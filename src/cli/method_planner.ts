import type { Calibration } from '../caching/calibration.js';
import { type DenoisingInputs, spreadEvenly } from '../caching/denoising_inputs.js';
import { denoisingProgram } from '../caching/denoising_program.js';
import type { MadePlan, MethodContext } from '../caching/methods/method.js';
import { methodNamed } from '../caching/methods/methods.js';
import { rmsDifference } from '../caching/rms_difference.js';
import type { Trajectories } from '../caching/trajectories.js';
import { calibrationRun } from '../inference/calibration_run.js';
import { type Interpreter, openInterpreter } from '../inference/interpreter.js';
import { seededBatchNoise } from '../inference/seeded_batch_noise.js';
import { executedActions } from '../policy/executed_actions.js';
import type { PolicyManifest } from '../policy/manifest.js';
import type { PolicyPackage } from '../policy/policy_package.js';
import { SharedRuns } from './shared_runs.js';

/** Observations that methods run the policy on: what they fit has few degrees of freedom, and runs take long. */
const OBSERVATIONS = 32;

/** What plans of published methods are made from. */
export interface MethodPlannerOptions {
  /** That fits the policy. */
  readonly calibration?: Calibration;
  readonly threads: number;
  /** Called with so many samples for each denoising step, and how many a run takes in all. */
  readonly onStep?: (samples: number, run: number) => void;
}

/** What runs of the policy need, and what they give. */
interface Runs extends Required<Pick<MethodContext, 'run' | 'measure'>> {
  readonly interpreter: Interpreter;
}

/**
 * Makes plans of published methods. Those that need runs of the policy run it block by block on some of the
 * calibration's observations, with noise by the calibration's seed; plans that one planner makes side by side share
 * their dense runs, and what is fitted on them.
 */
export class MethodPlanner {
  readonly #policy: PolicyPackage;
  readonly #options: MethodPlannerOptions;
  #runs: Promise<Runs> | undefined;

  constructor(policy: PolicyPackage, options: MethodPlannerOptions) {
    this.#policy = policy;
    this.#options = options;
  }

  /**
   * @param base the plan to build upon
   * @param options the method's own, unchecked
   * @throws BadInput when the method does not exist, or lacks something
   */
  async make(
    name: string,
    options: Readonly<Record<string, unknown>>,
    base?: MadePlan,
  ): Promise<MadePlan> {
    const { manifest, sha256: policySha256 } = this.#policy;
    const { calibration } = this.#options;
    const method = methodNamed(name);
    const context: MethodContext = {
      policySha256,
      manifest,
      ...(calibration && { calibration }),
      ...(base && { base }),
    };
    const trajectories = calibration?.trajectories;
    const needsRuns = method.needs.some((need) => need !== 'features');
    if (!needsRuns || !trajectories) return method.make(context, options);
    const { run, measure } = await (this.#runs ??= this.#open(trajectories, calibration.seed));
    return method.make({ ...context, run, measure }, options);
  }

  async close(): Promise<void> {
    await (await this.#runs)?.interpreter.close();
  }

  async #open(trajectories: Trajectories, seed: number): Promise<Runs> {
    const { manifest } = this.#policy;
    const inputs = observations(trajectories, manifest, seed);
    const interpreter = await openInterpreter(this.#policy, { threads: this.#options.threads });
    const { onStep } = this.#options;
    const whole = inputs.samples * manifest.noise_scheduler.steps;
    const runs = calibrationRun(interpreter, manifest, inputs, (done) => onStep?.(done, whole));
    const run = new SharedRuns(runs, manifest);
    let dense: Float32Array | undefined;
    const measure = async (made: MadePlan): Promise<number> => {
      dense ??= executedActions(manifest, (await interpreter.run(inputs)).sample);
      const program = denoisingProgram(manifest, made);
      const { sample } = await interpreter.run({ ...inputs, program });
      return rmsDifference(executedActions(manifest, sample), dense);
    };
    return { interpreter, run, measure: (made) => run.inTurn(() => measure(made)) };
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
