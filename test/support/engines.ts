import { buildChunkGraph } from '../../src/compiler/chunk_graph.js';
import { denoiserWeights } from '../../src/compiler/denoiser_weights.js';
import type { DenoisingProgram } from '../../src/caching/denoising_program.js';
import type { DenoisingInputs } from '../../src/caching/denoising_inputs.js';
import { type Denoiser, openDenoiser } from '../../src/inference/denoiser.js';
import type { Interpreter } from '../../src/inference/interpreter.js';
import { Session } from '../../src/inference/session.js';
import { noiseOfSample } from '../../src/inference/vectors.js';
import type { Inpainting } from '../../src/policy/inpainting.js';
import type { PolicyPackage } from '../../src/policy/policy_package.js';
import './cache_directory.js';
import { programFor } from './programs.js';

/** Per block in canonical order the steps that compute it; undefined = every block at every step. */
export type Updates = readonly (readonly number[])[] | undefined;

/**
 * All samples one by one through a denoiser.
 * @param inpainting what is known of them, (N, T, A); absent = nothing
 * @returns sample (N, T, A) and action (N, Ta, A)
 */
export async function denoiseAll(
  denoiser: Pick<Denoiser, 'denoise'>,
  { manifest }: PolicyPackage,
  inputs: DenoisingInputs,
  inpainting?: Inpainting,
): Promise<{ sample: Float32Array; action: Float32Array }> {
  const conditionSize = inputs.condition.length / inputs.samples;
  const chunks: { sample: Float32Array; action: Float32Array }[] = [];
  for (let i = 0; i < inputs.samples; i++) {
    const condition = inputs.condition.subarray(i * conditionSize, (i + 1) * conditionSize);
    const noise = noiseOfSample(inputs, i, manifest.noise_scheduler.steps);
    const size = inputs.initialNoise.length / inputs.samples;
    const of = (values: Float32Array): Float32Array => values.subarray(i * size, (i + 1) * size);
    const known = inpainting && {
      known: of(inpainting.known),
      weight: of(inpainting.weight),
    };
    chunks.push(await denoiser.denoise(condition, noise, known));
  }
  return {
    sample: concatenate(chunks.map(({ sample }) => sample)),
    action: concatenate(chunks.map(({ action }) => action)),
  };
}

/** As the robot runs it: from the cache, dense as a one-step graph. */
export async function runCompiled(
  policy: PolicyPackage,
  updates: Updates,
  inputs: DenoisingInputs,
): Promise<{ sample: Float32Array; action: Float32Array }> {
  const denoiser = await openDenoiser(policy, updates && programFor(policy, updates));
  try {
    return await denoiseAll(denoiser, policy, inputs);
  } finally {
    await denoiser.close();
  }
}

/** The whole loop as one graph, also for schedules that `openDenoiser` runs step by step. */
export async function runUnrolled(
  policy: PolicyPackage,
  updates: readonly (readonly number[])[],
  inputs: DenoisingInputs,
): Promise<{ sample: Float32Array; action: Float32Array }> {
  const { architecture: a, noise_scheduler: scheduler } = policy.manifest;
  const weights = denoiserWeights(policy.denoiser, a);
  const session = await Session.load(
    buildChunkGraph(weights, policy.manifest, programFor(policy, updates)).bytes,
  );
  const denoise: Denoiser['denoise'] = async (condition, noise) => {
    const outputs = await session.run({
      condition: { data: condition, shape: [1, a.n_obs_steps, a.condition_dim] },
      initial_noise: { data: noise.initial, shape: [1, a.horizon, a.action_dim] },
      step_noise: { data: noise.steps, shape: [scheduler.steps, 1, a.horizon, a.action_dim] },
    });
    return {
      sample: outputs['sample']!.data as Float32Array,
      action: outputs['action']!.data as Float32Array,
    };
  };
  try {
    return await denoiseAll({ denoise }, policy, inputs);
  } finally {
    await session.close();
  }
}

/** Block by block. @returns sample (N, T, A) */
export async function runInterpreter(
  interpreter: Interpreter,
  program: DenoisingProgram | undefined,
  inputs: DenoisingInputs,
): Promise<Float32Array> {
  return (await interpreter.run({ ...inputs, ...(program && { program }) })).sample;
}

/** Arrays one after another. */
export function concatenate(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
