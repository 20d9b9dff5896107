import { type DenoisingProgram, denoisingProgram } from '../caching/denoising_program.js';
import type { DenoisingInputs } from '../caching/denoising_inputs.js';
import { openDenoiser } from '../inference/denoiser.js';
import type { ExecutionProvider } from '../inference/session.js';
import { noiseOfSample } from '../inference/vectors.js';
import type { PlanFile } from '../policy/plan_file.js';
import type { PolicyPackage } from '../policy/policy_package.js';
import type { Contender } from './contender.js';

/** The compiled engine with one plan. @param denseMultiplyAdds absent = this is the dense policy */
export async function compiledContender(
  policy: PolicyPackage,
  workload: DenoisingInputs,
  options: {
    readonly name: string;
    readonly plan?: PlanFile;
    readonly threads: number;
    readonly provider: ExecutionProvider;
    readonly denseMultiplyAdds?: number;
  },
): Promise<Contender & { readonly multiplyAdds: number }> {
  const program = options.plan && denoisingProgram(policy.manifest, options.plan, options.name);
  return programContender(policy, workload, program, options);
}

/**
 * The compiled engine with any program.
 * @param program absent = the dense policy
 * @param options `keepGraph`: false for a program that is of no use again
 */
export async function programContender(
  policy: PolicyPackage,
  workload: DenoisingInputs,
  program: DenoisingProgram | undefined,
  options: {
    readonly name: string;
    readonly threads: number;
    readonly provider: ExecutionProvider;
    readonly denseMultiplyAdds?: number;
    readonly keepGraph?: boolean;
  },
): Promise<Contender & { readonly multiplyAdds: number }> {
  const begin = performance.now();
  const denoiser = await openDenoiser(policy, program, options);
  const size = workload.condition.length / workload.samples;
  const run = async (i: number): Promise<{ ms: number; cpuMs: number; action: Float32Array }> => {
    const condition = workload.condition.subarray(i * size, (i + 1) * size);
    const noise = noiseOfSample(workload, i, policy.manifest.noise_scheduler.steps);
    const [start, before] = [performance.now(), process.cpuUsage()];
    const { action } = await denoiser.denoise(condition, noise);
    const ms = performance.now() - start;
    const { user, system } = process.cpuUsage(before);
    return { ms, cpuMs: (user + system) / 1000, action };
  };
  await run(0);
  return {
    name: options.name,
    engine: options.provider === 'cpu' ? 'compiled' : `compiled-${options.provider}`,
    cost: denoiser.multiplyAdds / (options.denseMultiplyAdds ?? denoiser.multiplyAdds),
    multiplyAdds: denoiser.multiplyAdds,
    loadMs: performance.now() - begin,
    run,
    close: () => denoiser.close(),
  };
}
