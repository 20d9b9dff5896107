import type { DenoisingInputs } from '../caching/denoising_inputs.js';
import { BadInput } from '../errors.js';
import { assembleCondition } from '../policy/condition.js';
import type { PolicyInput, PolicyManifest } from '../policy/manifest.js';
import { normalise } from '../policy/normaliser.js';
import { elementCount, readSafetensors, type Tensor } from '../policy/safetensors.js';
import type { PolicyRunner } from './policy_runner.js';
import { seededBatchNoise } from './seeded_batch_noise.js';

/** Vector files above this size are refused. */
const MAX_VECTORS_BYTES = 2 * 1024 ** 3;

/**
 * Reads raw vectors (contract 3): `observation` (N, To, Do) in physical units, or `observation.NAME` per
 * input (images uint8 (N, To, H, W, 3) RGB), or `condition` (N, To, Dc); `initial_noise` (N, T, A) and
 * `step_noise` (K, N, T, A), or neither: then both follow from the seed.
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

class VectorFile {
  constructor(
    readonly tensors: ReadonlyMap<string, Tensor>,
    readonly path: string,
  ) {}

  has(name: string): boolean {
    return this.tensors.has(name);
  }

  /** A tensor whose shape fits `expected`, in which undefined is any size. */
  get(name: string, dtype: 'F32' | 'U8', expected: readonly (number | undefined)[]): Tensor {
    const tensor = this.tensors.get(name);
    const wanted = `${dtype} (${expected.map((size) => size ?? 'N').join(', ')})`;
    if (!tensor) throw this.bad(`tensor '${name}' is missing`, `add it, ${wanted}`);
    const fits =
      tensor.shape.length === expected.length &&
      expected.every((size, axis) => size === undefined || size === tensor.shape[axis]);
    if (tensor.dtype !== dtype || !fits) {
      const found = `${tensor.dtype} (${tensor.shape.join(', ')})`;
      throw this.bad(`tensor '${name}' is ${found}`, `this policy needs ${wanted}`);
    }
    return tensor;
  }

  floats(name: string, expected: readonly (number | undefined)[]): Float32Array {
    const values = this.get(name, 'F32', expected).data as Float32Array;
    const at = values.findIndex((value) => !Number.isFinite(value));
    if (at >= 0) {
      throw this.bad(
        `tensor '${name}' holds ${String(values[at])} at element ${at}`,
        'only finite numbers can be used',
      );
    }
    return values;
  }

  bad(what: string, todo: string): BadInput {
    return new BadInput(what, this.path, todo);
  }
}

async function readCondition(
  file: VectorFile,
  manifest: PolicyManifest,
  encodeImage: PolicyRunner['encodeImage'],
): Promise<{ condition: Float32Array; samples: number }> {
  const { n_obs_steps: window, condition_dim: width } = manifest.architecture;
  const count = (name: string): number => {
    const samples = file.tensors.get(name)!.shape[0] ?? 0;
    if (samples === 0) throw file.bad(`tensor '${name}' holds no sample`, 'give at least one');
    return samples;
  };
  if (file.has('condition')) {
    const condition = file.floats('condition', [undefined, window, width]);
    return { condition, samples: count('condition') };
  }
  const only = manifest.inputs.length === 1 ? manifest.inputs[0] : undefined;
  const nameOf = (input: PolicyInput): string =>
    input === only && file.has('observation') ? 'observation' : `observation.${input.name}`;
  const missing = manifest.inputs.map(nameOf).find((name) => !file.has(name));
  if (missing) {
    const wanted = only ? `'observation' (N, ${window}, ${width})` : `'${missing}'`;
    throw file.bad(`holds neither 'condition' nor '${missing}'`, `add ${wanted} or 'condition'`);
  }
  const samples = count(nameOf(manifest.inputs[0]!));
  const parts: Float32Array[] = [];
  for (const input of manifest.inputs) {
    const name = nameOf(input);
    if (input.kind === 'vector') {
      const values = file.floats(name, [samples, window, input.size]);
      parts.push(normalise(values, input.normaliser));
      continue;
    }
    const images = file.get(name, 'U8', [samples, window, ...input.size, 3]).data as Uint8Array;
    const pixels = elementCount([...input.size, 3]);
    const features: Float32Array[] = [];
    for (let i = 0; i < samples * window; i++) {
      features.push(await encodeImage(input.name, images.subarray(i * pixels, (i + 1) * pixels)));
    }
    parts.push(concatenate(features));
  }
  return { condition: assembleCondition(manifest, parts, samples * window), samples };
}

function readNoise(
  file: VectorFile,
  manifest: PolicyManifest,
  samples: number,
  seed: number,
): Pick<DenoisingInputs, 'initialNoise' | 'stepNoise'> {
  const { horizon, action_dim: actions } = manifest.architecture;
  const { steps } = manifest.noise_scheduler;
  const hasInitial = file.has('initial_noise');
  const hasSteps = file.has('step_noise');
  const seeded = hasInitial && hasSteps ? undefined : seededBatchNoise(seed, samples, manifest);
  return {
    initialNoise: hasInitial
      ? file.floats('initial_noise', [samples, horizon, actions])
      : seeded!.initialNoise,
    stepNoise: hasSteps
      ? file.floats('step_noise', [steps, samples, horizon, actions])
      : seeded!.stepNoise,
  };
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
