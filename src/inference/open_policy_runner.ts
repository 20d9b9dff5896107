import { denoisingProgram } from '../caching/denoising_program.js';
import type { Inpainting } from '../policy/inpainting.js';
import type { PolicyManifest } from '../policy/manifest.js';
import { type PlanFile, readPlanFor } from '../policy/plan_file.js';
import { type PolicyPackage, readPolicyPackage } from '../policy/policy_package.js';
import { type Denoiser, openDenoiser } from './denoiser.js';
import { ImageEncoders } from './image_encoders.js';
import type { Chunk, ChunkNoise, PolicyRunner } from './policy_runner.js';
import type { SessionOptions } from './session.js';

/** A runner that knows what it runs. */
export interface OpenPolicyRunner extends PolicyRunner {
  readonly policySha256: string;
  /** Digest of the plan file; undefined for the dense policy. */
  readonly planSha256: string | undefined;
  /** Multiply-adds of one chunk without the camera encoders. */
  readonly multiplyAdds: number;
}

/**
 * Reads a policy package and a plan, compiles them and loads the graphs.
 * @param options `plan`: path, absent = dense; `threads` inside one operator, default 1
 * @throws BadInput when a file is damaged or the plan is for another policy
 */
export async function openPolicyRunner(
  directory: string,
  options: { readonly plan?: string; readonly threads?: number } = {},
): Promise<OpenPolicyRunner> {
  const policy = await readPolicyPackage(directory);
  const plan = options.plan === undefined ? undefined : await readPlanFor(options.plan, policy);
  return openRunner(policy, plan, { threads: options.threads ?? 1 });
}

/**
 * Compiles and loads a policy that was read.
 * @param plan undefined = the dense policy
 * @param settings `inpainting`: whether chunks may be told what is known of them
 */
export async function openRunner(
  policy: PolicyPackage,
  plan: PlanFile | undefined,
  settings: SessionOptions & { readonly inpainting?: boolean },
): Promise<OpenPolicyRunner> {
  const encoders = await ImageEncoders.open(policy, settings);
  try {
    const program = plan && denoisingProgram(policy.manifest, plan);
    const denoiser = await openDenoiser(policy, program, settings);
    return new CompiledRunner(policy.manifest, encoders, denoiser, policy.sha256, plan?.sha256);
  } catch (error) {
    await encoders.close();
    throw error;
  }
}

class CompiledRunner implements OpenPolicyRunner {
  readonly multiplyAdds: number;

  constructor(
    readonly manifest: PolicyManifest,
    private readonly encoders: ImageEncoders,
    private readonly denoiser: Denoiser,
    readonly policySha256: string,
    readonly planSha256: string | undefined,
  ) {
    this.multiplyAdds = denoiser.multiplyAdds;
  }

  encodeImage(inputName: string, rgb: Uint8Array): Promise<Float32Array> {
    return this.encoders.encode(inputName, rgb);
  }

  async denoise(
    condition: Float32Array,
    noise: ChunkNoise,
    inpainting?: Inpainting,
  ): Promise<Chunk> {
    const begin = performance.now();
    const outputs = await this.denoiser.denoise(condition, noise, inpainting);
    return { ...outputs, latencyMs: performance.now() - begin };
  }

  async close(): Promise<void> {
    await this.encoders.close();
    await this.denoiser.close();
  }
}
