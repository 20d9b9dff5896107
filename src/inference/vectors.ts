import type { DenoisingInputs } from '../caching/denoising_inputs.js';
import { observationLayout, valuesOf } from '../control/observation_layout.js';
import { sideBySide } from '../policy/side_by_side.js';
import type { PolicyInput, PolicyManifest } from '../policy/manifest.js';
import { denoisingSteps } from '../policy/noise_schedule.js';
import { normalise } from '../policy/normaliser.js';
import { elementCount, readSafetensors } from '../policy/safetensors.js';
import type { PolicyRunner } from './policy_runner.js';
import { seededBatchNoise } from './seeded_batch_noise.js';
import { VectorFile } from './vector_file.js';

/** Vector files above this size are refused. */
const MAX_VECTORS_BYTES = 2 * 1024 ** 3;

/**
 * Reads raw vectors (contract 3): `observation` (N, To, Do) in physical units, or `observation.NAME` per
 * input or observation source (images uint8 (N, To, H, W, 3) RGB), or, where these are missing, `condition`
 * (N, To, Dc); `initial_noise` (N, T, A) and `step_noise` (K, N, T, A), or one entry for each of more training
 * steps; what is missing follows from the seed.
 * @param encodeImage features of one frame
 * @throws BadInput naming the file and the tensor that is wrong
 */
export async function readVectors(
  path: string,
  manifest: PolicyManifest,
  encodeImage: PolicyRunner['encodeImage'],
  options: { readonly seed: number },
): Promise<DenoisingInputs> {
  const file = new VectorFile((await readSafetensors(path, MAX_VECTORS_BYTES)).tensors, path);
  const { condition, samples } = await readCondition(file, manifest, encodeImage);
  return { samples, condition, ...readNoise(file, manifest, samples, options.seed) };
}

async function readCondition(
  file: VectorFile,
  manifest: PolicyManifest,
  encodeImage: PolicyRunner['encodeImage'],
): Promise<{ condition: Float32Array; samples: number }> {
  const { n_obs_steps: window, condition_dim: width } = manifest.architecture;
  const names = manifest.inputs.map((input) => tensorsOf(input, manifest, file));
  const missing = manifest.inputs.find((_, i) => names[i] === undefined);
  if (missing) {
    if (!file.has('condition')) {
      throw file.bad(
        `holds neither 'observation.${missing.name}' nor 'condition'`,
        `give the observations of every input, or condition (N, ${window}, ${width})`,
      );
    }
    const condition = file.floats('condition', [undefined, window, width]);
    return { condition, samples: file.count('condition') };
  }
  const samples = file.count(names[0]![0]!.name);
  const parts: Float32Array[] = [];
  for (const [i, input] of manifest.inputs.entries()) {
    const tensors = names[i]!;
    if (input.kind === 'vector') {
      const values = tensors.map(({ name, width: part }) =>
        file.floats(name, [samples, window, part]),
      );
      parts.push(normalise(sideBySide(values, samples * window), input.normaliser));
      continue;
    }
    const { data } = file.get(tensors[0]!.name, 'U8', [samples, window, ...input.size, 3]);
    const pixels = elementCount([...input.size, 3]);
    const features: Float32Array[] = [];
    for (let frame = 0; frame < samples * window; frame++) {
      const rgb = (data as Uint8Array).subarray(frame * pixels, (frame + 1) * pixels);
      features.push(await encodeImage(input.name, rgb));
    }
    parts.push(concatenate(features));
  }
  return { condition: sideBySide(parts, samples * window), samples };
}

/** The tensors that hold an input: one by its name, or one per observation source; undefined if none do. */
function tensorsOf(
  input: PolicyInput,
  manifest: PolicyManifest,
  file: VectorFile,
): { readonly name: string; readonly width: number }[] | undefined {
  const width = input.kind === 'vector' ? input.size : 0;
  const whole = [`observation.${input.name}`];
  if (manifest.inputs.length === 1) whole.unshift('observation');
  const found = whole.find((name) => file.has(name));
  if (found) return [{ name: found, width }];
  if (!manifest.observation_sources) return undefined;
  const { sources, inputs } = observationLayout(manifest, file.path);
  const parts = inputs
    .find((entry) => entry.input === input)!
    .sources.map((i) => sources[i]!)
    .map((source) => ({ name: `observation.${source.name}`, width: valuesOf(source) }));
  return parts.every(({ name }) => file.has(name)) ? parts : undefined;
}

function readNoise(
  file: VectorFile,
  manifest: PolicyManifest,
  samples: number,
  seed: number,
): Pick<DenoisingInputs, 'initialNoise' | 'stepNoise'> {
  const { horizon, action_dim: actions } = manifest.architecture;
  const hasInitial = file.has('initial_noise');
  const hasSteps = file.has('step_noise');
  const seeded = hasInitial && hasSteps ? undefined : seededBatchNoise(seed, samples, manifest);
  return {
    initialNoise: hasInitial
      ? file.floats('initial_noise', [samples, horizon, actions])
      : seeded!.initialNoise,
    stepNoise: hasSteps
      ? readStepNoise(file, manifest.noise_scheduler, [samples, horizon, actions])
      : seeded!.stepNoise,
  };
}

/**
 * (K, N, T, A). A policy that was trained with more steps than it takes may be given noise for all of them,
 * entry t for timestep t; those of the timesteps it visits are taken.
 */
function readStepNoise(
  file: VectorFile,
  scheduler: PolicyManifest['noise_scheduler'],
  shape: readonly number[],
): Float32Array {
  const { steps, train_steps: trainSteps } = scheduler;
  const name = 'step_noise';
  if (trainSteps === steps || file.tensors.get(name)?.shape[0] !== trainSteps) {
    return file.floats(name, [steps, ...shape]);
  }
  const all = file.floats(name, [trainSteps, ...shape]);
  const size = elementCount(shape);
  const timesteps = denoisingSteps(scheduler)
    .map((step) => step.timestep)
    .reverse();
  return concatenate(timesteps.map((t) => all.subarray(t * size, (t + 1) * size)));
}

function concatenate(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** The noise of sample i out of a batch. */
export function noiseOfSample(
  inputs: DenoisingInputs,
  i: number,
  steps: number,
): { initial: Float32Array; steps: Float32Array } {
  const size = inputs.initialNoise.length / inputs.samples;
  const stepNoise = new Float32Array(steps * size);
  for (let t = 0; t < steps; t++) {
    const from = (t * inputs.samples + i) * size;
    stepNoise.set(inputs.stepNoise.subarray(from, from + size), t * size);
  }
  return { initial: inputs.initialNoise.subarray(i * size, (i + 1) * size), steps: stepNoise };
}
