import { type DenoisingProgram, isDense, programKey } from '../caching/denoising_program.js';
import { buildChunkGraph } from '../compiler/chunk_graph.js';
import { type DenoiserWeights, denoiserWeights } from '../compiler/denoiser_weights.js';
import type { OnnxGraph } from '../compiler/graph.js';
import { buildStepGraphs } from '../compiler/step_graph.js';
import { type Inpainting, nothingKnown } from '../policy/inpainting.js';
import type { Architecture, PolicyManifest } from '../policy/manifest.js';
import type { PolicyPackage } from '../policy/policy_package.js';
import { cachedGraph } from './graph_cache.js';
import type { ChunkNoise } from './policy_runner.js';
import { Session, type SessionOptions, type SessionTensor } from './session.js';

/** The compiled denoising loop of one policy and plan. */
export interface Denoiser {
  /** Multiply-adds of one chunk. */
  readonly multiplyAdds: number;
  /**
   * @param condition (To, Dc)
   * @param inpainting what is known of the chunk, where it was compiled for that; absent = nothing
   * @returns `sample` (T, A) normalised, `action` (Ta, A) physical
   */
  denoise(
    condition: Float32Array,
    noise: ChunkNoise,
    inpainting?: Inpainting,
  ): Promise<{ sample: Float32Array; action: Float32Array }>;
  close(): Promise<void>;
}

/**
 * Compiles a policy and loads it. Compiled graphs are kept on disk, see {@link cachedGraph}.
 * @param wanted absent = the dense policy; with CUDA, int8 is computed in fp32
 * @param options `keepGraph`: false for a program that is of no use again; the dense policy is always kept;
 * `inpainting`: whether chunks may be told what is known of them
 * @throws BadInput when the program decides at run time
 */
export async function openDenoiser(
  policy: PolicyPackage,
  wanted: DenoisingProgram | undefined,
  options: SessionOptions & { readonly keepGraph?: boolean; readonly inpainting?: boolean } = {},
): Promise<Denoiser> {
  const { manifest } = policy;
  const program = options.provider === 'cuda' ? wanted && inFullPrecision(wanted) : wanted;
  const { inpainting = false } = options;
  const told = inpainting ? ['inpainting'] : [];
  let read: DenoiserWeights | undefined;
  // Reading the weights takes longer than loading a graph that is in the cache.
  const weights = (): DenoiserWeights =>
    (read ??= denoiserWeights(policy.denoiser, manifest.architecture));
  if (program && !isDense(program, manifest)) {
    const build = (): OnnxGraph =>
      buildChunkGraph(weights(), manifest, program, {
        metadata: { policy_sha256: policy.sha256 },
        inpainting,
      });
    if (options.keepGraph === false) {
      const { bytes, multiplyAdds } = build();
      const session = await Session.load(bytes, options);
      return new ChunkDenoiser(manifest, inpainting, multiplyAdds, session);
    }
    const graph = await cachedGraph([policy.sha256, 'chunk', programKey(program), ...told], build);
    const session = await Session.load(graph.model, options);
    return new ChunkDenoiser(manifest, inpainting, graph.multiplyAdds, session);
  }
  const numerics = program?.numerics ?? { kind: 'fp32' };
  let built: ReturnType<typeof buildStepGraphs> | undefined;
  const build = (): ReturnType<typeof buildStepGraphs> =>
    (built ??= buildStepGraphs(weights(), manifest, { numerics, inpainting }));
  const key = [policy.sha256, 'dense', JSON.stringify(numerics), ...told];
  const prepare = await cachedGraph([...key, 'prepare'], () => build().prepare);
  const step = await cachedGraph([...key, 'step'], () => build().step);
  return new SteppedDenoiser(
    manifest,
    inpainting,
    prepare.multiplyAdds + manifest.noise_scheduler.steps * step.multiplyAdds,
    await Session.load(prepare.model, options),
    await Session.load(step.model, options),
  );
}

/** CUDA has no kernels for int8 as the CPU has it: each product would go to the CPU and back. */
function inFullPrecision(program: DenoisingProgram): DenoisingProgram {
  return { ...program, numerics: { kind: 'fp32' } };
}

/** One run per chunk. */
class ChunkDenoiser implements Denoiser {
  readonly multiplyAdds: number;
  readonly #manifest: PolicyManifest;
  readonly #session: Session;
  readonly #inpainting: boolean;

  constructor(
    manifest: PolicyManifest,
    inpainting: boolean,
    multiplyAdds: number,
    session: Session,
  ) {
    this.#manifest = manifest;
    this.#inpainting = inpainting;
    this.multiplyAdds = multiplyAdds;
    this.#session = session;
  }

  async denoise(
    condition: Float32Array,
    noise: ChunkNoise,
    inpainting?: Inpainting,
  ): Promise<{ sample: Float32Array; action: Float32Array }> {
    const { architecture: a, noise_scheduler: scheduler } = this.#manifest;
    const outputs = await this.#session.run({
      condition: { data: condition, shape: [1, a.n_obs_steps, a.condition_dim] },
      initial_noise: { data: noise.initial, shape: [1, a.horizon, a.action_dim] },
      step_noise: { data: noise.steps, shape: [scheduler.steps, 1, a.horizon, a.action_dim] },
      ...knownInputs(a, this.#inpainting, inpainting),
    });
    return { sample: floats(outputs['sample']!), action: floats(outputs['action']!) };
  }

  async close(): Promise<void> {
    await this.#session.close();
  }
}

/** One run per denoising step: the dense policy. */
class SteppedDenoiser implements Denoiser {
  readonly multiplyAdds: number;
  readonly #manifest: PolicyManifest;
  readonly #prepare: Session;
  readonly #step: Session;
  readonly #inpainting: boolean;

  constructor(
    manifest: PolicyManifest,
    inpainting: boolean,
    multiplyAdds: number,
    prepare: Session,
    step: Session,
  ) {
    this.#manifest = manifest;
    this.#inpainting = inpainting;
    this.multiplyAdds = multiplyAdds;
    this.#prepare = prepare;
    this.#step = step;
  }

  async denoise(
    condition: Float32Array,
    noise: ChunkNoise,
    inpainting?: Inpainting,
  ): Promise<{ sample: Float32Array; action: Float32Array }> {
    const { architecture: a, noise_scheduler: scheduler } = this.#manifest;
    const known = knownInputs(a, this.#inpainting, inpainting);
    const shape = [a.horizon, a.action_dim];
    const size = a.horizon * a.action_dim;
    const prepared = await this.#prepare.run({
      condition: { data: condition, shape: [1, a.n_obs_steps, a.condition_dim] },
    });
    let sample = noise.initial;
    let action = new Float32Array();
    for (let k = 0; k < scheduler.steps; k++) {
      const t = scheduler.steps - 1 - k;
      const outputs = await this.#step.run({
        ...prepared,
        ...known,
        sample: { data: sample, shape },
        noise: { data: noise.steps.subarray(t * size, (t + 1) * size), shape },
        step: { data: BigInt64Array.of(BigInt(k)), shape: [] },
      });
      sample = floats(outputs['next']!);
      action = floats(outputs['action']!);
    }
    return { sample, action };
  }

  async close(): Promise<void> {
    await this.#prepare.close();
    await this.#step.close();
  }
}

/** Inputs of a graph that says what is known of its chunk. @param told whether the graph has them */
function knownInputs(
  a: Architecture,
  told: boolean,
  inpainting: Inpainting | undefined,
): Record<string, SessionTensor> {
  if (!told) {
    if (inpainting) throw new RangeError('the policy was not compiled for inpainting');
    return {};
  }
  const { known, weight } = inpainting ?? nothingKnown(a);
  const shape = [1, a.horizon, a.action_dim];
  return { known: { data: known, shape }, known_weight: { data: weight, shape } };
}

function floats(tensor: SessionTensor): Float32Array<ArrayBuffer> {
  return tensor.data as Float32Array<ArrayBuffer>;
}
