import { type DenoisingProgram, isDense, programKey } from '../caching/denoising_program.js';
import { buildChunkGraph } from '../compiler/chunk_graph.js';
import { type DenoiserWeights, denoiserWeights } from '../compiler/denoiser_weights.js';
import type { OnnxGraph } from '../compiler/graph.js';
import { buildStepGraphs } from '../compiler/step_graph.js';
import type { PolicyManifest } from '../policy/manifest.js';
import type { PolicyPackage } from '../policy/policy_package.js';
import { cachedGraph } from './graph_cache.js';
import type { ChunkNoise } from './policy_runner.js';
import { Session, type SessionOptions, type SessionTensor } from './session.js';

/** The compiled denoising loop of one policy and plan. */
export interface Denoiser {
  /** Multiply-adds of one chunk. */
  readonly multiplyAdds: number;
  /** @param condition (To, Dc) @returns `sample` (T, A) normalised, `action` (Ta, A) physical */
  denoise(
    condition: Float32Array,
    noise: ChunkNoise,
  ): Promise<{ sample: Float32Array; action: Float32Array }>;
  close(): Promise<void>;
}

/**
 * Compiles a policy and loads it. Compiled graphs are kept on disk, see {@link cachedGraph}.
 * @param wanted absent = the dense policy; with CUDA, int8 is computed in fp32
 * @param options `keepGraph`: false for a program that is of no use again; the dense policy is always kept
 * @throws BadInput when the program decides at run time
 */
export async function openDenoiser(
  policy: PolicyPackage,
  wanted: DenoisingProgram | undefined,
  options: SessionOptions & { readonly keepGraph?: boolean } = {},
): Promise<Denoiser> {
  const { manifest } = policy;
  const program = options.provider === 'cuda' ? wanted && inFullPrecision(wanted) : wanted;
  let read: DenoiserWeights | undefined;
  // Reading the weights takes longer than loading a graph that is in the cache.
  const weights = (): DenoiserWeights =>
    (read ??= denoiserWeights(policy.denoiser, manifest.architecture));
  if (program && !isDense(program, manifest)) {
    const build = (): OnnxGraph =>
      buildChunkGraph(weights(), manifest, program, { policy_sha256: policy.sha256 });
    if (options.keepGraph === false) {
      const { bytes, multiplyAdds } = build();
      return new ChunkDenoiser(manifest, multiplyAdds, await Session.load(bytes, options));
    }
    const graph = await cachedGraph([policy.sha256, 'chunk', programKey(program)], build);
    return new ChunkDenoiser(
      manifest,
      graph.multiplyAdds,
      await Session.load(graph.model, options),
    );
  }
  const numerics = program?.numerics ?? { kind: 'fp32' };
  let built: ReturnType<typeof buildStepGraphs> | undefined;
  const build = (): ReturnType<typeof buildStepGraphs> =>
    (built ??= buildStepGraphs(weights(), manifest, numerics));
  const key = [policy.sha256, 'dense', JSON.stringify(numerics)];
  const prepare = await cachedGraph([...key, 'prepare'], () => build().prepare);
  const step = await cachedGraph([...key, 'step'], () => build().step);
  return new SteppedDenoiser(
    manifest,
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

  constructor(manifest: PolicyManifest, multiplyAdds: number, session: Session) {
    this.#manifest = manifest;
    this.multiplyAdds = multiplyAdds;
    this.#session = session;
  }

  async denoise(
    condition: Float32Array,
    noise: ChunkNoise,
  ): Promise<{ sample: Float32Array; action: Float32Array }> {
    const { architecture: a, noise_scheduler: scheduler } = this.#manifest;
    const outputs = await this.#session.run({
      condition: { data: condition, shape: [1, a.n_obs_steps, a.condition_dim] },
      initial_noise: { data: noise.initial, shape: [1, a.horizon, a.action_dim] },
      step_noise: { data: noise.steps, shape: [scheduler.steps, 1, a.horizon, a.action_dim] },
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

  constructor(manifest: PolicyManifest, multiplyAdds: number, prepare: Session, step: Session) {
    this.#manifest = manifest;
    this.multiplyAdds = multiplyAdds;
    this.#prepare = prepare;
    this.#step = step;
  }

  async denoise(
    condition: Float32Array,
    noise: ChunkNoise,
  ): Promise<{ sample: Float32Array; action: Float32Array }> {
    const { architecture: a, noise_scheduler: scheduler } = this.#manifest;
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

function floats(tensor: SessionTensor): Float32Array<ArrayBuffer> {
  return tensor.data as Float32Array<ArrayBuffer>;
}
