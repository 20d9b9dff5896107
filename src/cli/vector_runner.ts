import type { DenoisingInputs } from '../caching/denoising_inputs.js';
import { type DenoisingProgram, denoisingProgram } from '../caching/denoising_program.js';
import { type Denoiser, openDenoiser } from '../inference/denoiser.js';
import { ImageEncoders } from '../inference/image_encoders.js';
import { openInterpreter } from '../inference/interpreter.js';
import { noiseOfSample, readVectors } from '../inference/vectors.js';
import { executedActions } from '../policy/executed_actions.js';
import { readPlanFor } from '../policy/plan_file.js';
import { type PolicyPackage, readPolicyPackage } from '../policy/policy_package.js';
import { floatTensor, writeSafetensors } from '../policy/safetensors.js';
import { progressBar } from './terminal.js';

/** How a policy is run on raw vectors. */
export interface VectorRunnerOptions {
  /** A plan file; without it every block is computed at every step. */
  readonly plan?: string;
  readonly engine: 'compiled' | 'interpreter';
  /** Makes the noises that an input does not hold. */
  readonly seed: number;
  /** Threads inside one operator. */
  readonly threads: number;
}

/** What was made of one file of vectors. */
export interface VectorRun {
  readonly output: string;
  readonly samples: number;
  readonly engine: string;
  readonly plan_sha256: string | null;
  readonly policy_sha256: string;
}

/** Samples the interpreter runs together. */
const INTERPRETER_BATCH = 16;

/** A policy, loaded once, that makes files of samples and actions of files of raw vectors. */
export class VectorRunner {
  #denoiser: Denoiser | undefined;

  private constructor(
    readonly policy: PolicyPackage,
    /** Name of the plan's method, and the digest of its file; none for dense. */
    readonly plan: { readonly method: string; readonly sha256: string } | undefined,
    private readonly program: DenoisingProgram | undefined,
    private readonly encoders: ImageEncoders,
    private readonly options: VectorRunnerOptions,
  ) {}

  /** @throws BadInput when the package or the plan cannot be used */
  static async open(directory: string, options: VectorRunnerOptions): Promise<VectorRunner> {
    const policy = await readPolicyPackage(directory);
    const plan = options.plan === undefined ? undefined : await readPlanFor(options.plan, policy);
    const program = plan && denoisingProgram(policy.manifest, plan, options.plan);
    const encoders = await ImageEncoders.open(policy, { threads: options.threads });
    const named = plan && { method: plan.plan.method.name, sha256: plan.sha256 };
    return new VectorRunner(policy, named, program, encoders, options);
  }

  /**
   * Writes `sample` (N, T, A), normalised, and `action` (N, Ta, A), physical, of an input.
   * @throws BadInput when the input cannot be used
   */
  async run(input: string, output: string): Promise<VectorRun> {
    const { policy, options } = this;
    const { manifest } = policy;
    const encode = (name: string, rgb: Buffer): Promise<Float32Array> =>
      this.encoders.encode(name, rgb);
    const inputs = await readVectors(input, manifest, encode, { seed: options.seed });
    const sample = await (options.engine === 'compiled'
      ? this.#compiled(inputs)
      : this.#blockByBlock(inputs));
    if (!sample.every(Number.isFinite)) {
      throw new Error(
        `${policy.directory}: the policy produced numbers that are not finite; check its weights`,
      );
    }
    const { samples } = inputs;
    const { horizon: t, action_dim: a, n_action_steps: executed } = manifest.architecture;
    await writeSafetensors(output, [
      ['sample', floatTensor([samples, t, a], sample)],
      ['action', floatTensor([samples, executed, a], executedActions(manifest, sample))],
    ]);
    return {
      output,
      samples,
      engine: options.engine,
      plan_sha256: this.plan?.sha256 ?? null,
      policy_sha256: policy.sha256,
    };
  }

  async close(): Promise<void> {
    await this.encoders.close();
    await this.#denoiser?.close();
  }

  async #compiled(inputs: DenoisingInputs): Promise<Float32Array> {
    this.#denoiser ??= await openDenoiser(this.policy, this.program, this.options);
    const { steps } = this.policy.manifest.noise_scheduler;
    const result = new Float32Array(inputs.initialNoise.length);
    const size = inputs.initialNoise.length / inputs.samples;
    const conditionSize = inputs.condition.length / inputs.samples;
    const bar = progressBar('denoising', inputs.samples);
    try {
      for (let i = 0; i < inputs.samples; i++) {
        const { sample } = await this.#denoiser.denoise(
          inputs.condition.subarray(i * conditionSize, (i + 1) * conditionSize),
          noiseOfSample(inputs, i, steps),
        );
        result.set(sample, i * size);
        bar.advance();
      }
    } finally {
      bar.stop();
    }
    return result;
  }

  async #blockByBlock(inputs: DenoisingInputs): Promise<Float32Array> {
    const batch = Math.min(inputs.samples, INTERPRETER_BATCH);
    const interpreter = await openInterpreter(this.policy, {
      threads: this.options.threads,
      batch,
    });
    const { steps } = this.policy.manifest.noise_scheduler;
    const bar = progressBar('denoising', Math.ceil(inputs.samples / INTERPRETER_BATCH) * steps);
    try {
      const { program } = this;
      const { sample } = await interpreter.run({
        ...inputs,
        ...(program && { program }),
        onStep: () => bar.advance(),
      });
      return sample;
    } finally {
      bar.stop();
      await interpreter.close();
    }
  }
}
