import { Command, Option } from 'commander';
import { type DenoisingProgram, denoisingProgram } from '../caching/denoising_program.js';
import { openDenoiser } from '../inference/denoiser.js';
import { ImageEncoders } from '../inference/image_encoders.js';
import { openInterpreter } from '../inference/interpreter.js';
import { noiseOfSample, readVectors } from '../inference/vectors.js';
import type { DenoisingInputs } from '../caching/denoising_inputs.js';
import { executedActions } from '../policy/executed_actions.js';
import { readPlanFor } from '../policy/plan_file.js';
import { type PolicyPackage, readPolicyPackage } from '../policy/policy_package.js';
import { floatTensor, writeSafetensors } from '../policy/safetensors.js';
import { integerOption, MAX_THREADS } from './integer_option.js';
import { type Progress, progressBar } from './terminal.js';

interface RunOptions {
  readonly plan?: string;
  readonly input: string;
  readonly output: string;
  readonly engine: 'compiled' | 'interpreter';
  readonly seed: number;
  readonly threads: number;
  readonly json?: boolean;
}

/** Samples the interpreter runs together. */
const INTERPRETER_BATCH = 16;

/** `bac-policy run`: raw vectors through a policy, for parity and for other programs. */
export function runCommand(): Command {
  return new Command('run')
    .description('Run a policy on raw vectors: safetensors in, safetensors out.')
    .argument('<policy>', 'directory of a policy package')
    .requiredOption('--input <file>', 'observation, observation.NAME or condition; noises optional')
    .requiredOption('--output <file>', 'where to write sample (normalised) and action (physical)')
    .option('--plan <file>', 'which block updates when; without it every block does at every step')
    .addOption(
      new Option('--engine <name>', 'the compiled graph, or block by block as it was trained')
        .choices(['compiled', 'interpreter'])
        .default('compiled'),
    )
    .option('--seed <number>', 'makes the noises that the input does not hold', integerOption(0), 0)
    .option('--threads <number>', 'threads inside one operator', integerOption(1, MAX_THREADS), 1)
    .option('--json', 'print a summary for machines')
    .action(run);
}

async function run(directory: string, options: RunOptions): Promise<void> {
  const policy = await readPolicyPackage(directory);
  const { manifest } = policy;
  const plan = options.plan === undefined ? undefined : await readPlanFor(options.plan, policy);
  const program = plan && denoisingProgram(manifest, plan, options.plan);
  const encoders = await ImageEncoders.open(policy, { threads: options.threads });
  const inputs = await readVectors(
    options.input,
    manifest,
    (name, rgb) => encoders.encode(name, rgb),
    { seed: options.seed },
  );
  await encoders.close();
  const batches = Math.ceil(inputs.samples / INTERPRETER_BATCH);
  const work =
    options.engine === 'compiled' ? inputs.samples : batches * manifest.noise_scheduler.steps;
  const bar = progressBar('denoising', work);
  const denoise = options.engine === 'compiled' ? runCompiled : runInterpreter;
  const { threads } = options;
  const sample = await denoise(policy, program, inputs, { threads, bar }).finally(() => bar.stop());
  if (!sample.every(Number.isFinite)) {
    throw new Error(
      `${directory}: the policy produced numbers that are not finite; check its weights`,
    );
  }
  const { horizon: t, action_dim: actions, n_action_steps: executed } = manifest.architecture;
  await writeSafetensors(options.output, [
    ['sample', floatTensor([inputs.samples, t, actions], sample)],
    ['action', floatTensor([inputs.samples, executed, actions], executedActions(manifest, sample))],
  ]);
  const summary = {
    output: options.output,
    samples: inputs.samples,
    engine: options.engine,
    plan_sha256: plan?.sha256 ?? null,
    policy_sha256: policy.sha256,
  };
  console.log(
    options.json
      ? JSON.stringify(summary)
      : `${inputs.samples} samples, ${plan ? plan.plan.method.name : 'dense'}, ${options.engine}: written to ${options.output}`,
  );
}

interface Settings {
  readonly threads: number;
  readonly bar: Progress;
}

async function runCompiled(
  policy: PolicyPackage,
  program: DenoisingProgram | undefined,
  inputs: DenoisingInputs,
  { threads, bar }: Settings,
): Promise<Float32Array> {
  const denoiser = await openDenoiser(policy, program, { threads });
  const result = new Float32Array(inputs.initialNoise.length);
  const size = inputs.initialNoise.length / inputs.samples;
  const conditionSize = inputs.condition.length / inputs.samples;
  for (let i = 0; i < inputs.samples; i++) {
    const { sample } = await denoiser.denoise(
      inputs.condition.subarray(i * conditionSize, (i + 1) * conditionSize),
      noiseOfSample(inputs, i, policy.manifest.noise_scheduler.steps),
    );
    result.set(sample, i * size);
    bar.advance();
  }
  await denoiser.close();
  return result;
}

async function runInterpreter(
  policy: PolicyPackage,
  program: DenoisingProgram | undefined,
  inputs: DenoisingInputs,
  { threads, bar }: Settings,
): Promise<Float32Array> {
  const interpreter = await openInterpreter(policy, {
    threads,
    batch: Math.min(inputs.samples, INTERPRETER_BATCH),
  });
  const { sample } = await interpreter.run({
    ...inputs,
    ...(program && { program }),
    onStep: () => bar.advance(),
  });
  await interpreter.close();
  return sample;
}
