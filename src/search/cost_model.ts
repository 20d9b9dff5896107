import type { DenoisingProgram } from '../caching/denoising_program.js';
import { timeInTurn } from '../bench/time_in_turn.js';
import { madeUpWorkload } from '../bench/workload.js';
import { type Denoiser, openDenoiser } from '../inference/denoiser.js';
import type { ExecutionProvider } from '../inference/session.js';
import { noiseOfSample } from '../inference/vectors.js';
import type { PolicyPackage } from '../policy/policy_package.js';
import { nonNegativeLeastSquares } from './non_negative_least_squares.js';
import { PROBE_COUNT, probePrograms } from './probe_programs.js';
import { programWork, WORK } from './program_work.js';

/** Chunks that each probe makes, in turn with the others. */
const CHUNKS = 15;

/** Probe whose time tells how fast the machine is at the moment: three evaluations, affine runs. */
const REFERENCE = 1;

/** How the time and the multiply-adds of a compiled program follow from what it does. */
export interface CostModelData {
  /** ms for each of {@link WORK}. */
  readonly ms: readonly number[];
  /** Multiply-adds for each of {@link WORK}. */
  readonly multiplyAdds: readonly number[];
  /** What the probes took (medians) and what the model makes of them, ms. */
  readonly probes: readonly { readonly measured: number; readonly predicted: number }[];
  readonly threads: number;
}

/** Predicts what a program costs without compiling it, from programs that were timed on this machine. */
export class CostModel {
  readonly #policy: PolicyPackage;

  constructor(
    policy: PolicyPackage,
    readonly data: CostModelData,
  ) {
    this.#policy = policy;
  }

  /**
   * Compiles and times probes, about twenty seconds for 8 layers.
   * @param options `onChunk` hears every chunk, of `CostModel.chunks` in all
   */
  static async fit(
    policy: PolicyPackage,
    options: {
      readonly threads: number;
      readonly provider?: ExecutionProvider;
      readonly onChunk?: () => void;
    },
  ): Promise<CostModel> {
    const probes = probePrograms(policy);
    const work = probes.map((probe) => programWork(probe, policy.manifest.architecture));
    const timed: Denoiser[] = [];
    try {
      for (const probe of probes) timed.push(await load(policy, probe, options));
      const times = await mediansInTurn(policy, timed, CHUNKS, options.onChunk);
      // Every probe counts by its relative error: budgets are ratios.
      const ms = nonNegativeLeastSquares(
        work.map((row, i) => row.map((count) => count / times[i]!)),
        times.map(() => 1),
      );
      const counts = timed.map(({ multiplyAdds }) => multiplyAdds);
      const multiplyAdds = nonNegativeLeastSquares(
        work.map((row, i) => row.map((count) => count / counts[i]!)),
        counts.map(() => 1),
      );
      return new CostModel(policy, {
        ms,
        multiplyAdds,
        probes: times.map((measured, i) => ({ measured, predicted: product(work[i]!, ms) })),
        threads: options.threads,
      });
    } finally {
      for (const denoiser of timed) await denoiser.close();
    }
  }

  /** Chunks that fitting makes. */
  static chunks(): number {
    return CHUNKS * PROBE_COUNT;
  }

  /** Predicted median time of one chunk, ms. */
  predictMs(program: DenoisingProgram): number {
    return product(programWork(program, this.#policy.manifest.architecture), this.data.ms);
  }

  /** Multiply-adds of one chunk, as the compiled graph counts them. */
  multiplyAdds(program: DenoisingProgram): number {
    return product(
      programWork(program, this.#policy.manifest.architecture),
      this.data.multiplyAdds,
    );
  }

  /**
   * Times a program and holds it against the prediction. The machine may be slower or faster now than when the
   * probes were timed: one of them runs in turn with the program and says by how much.
   */
  async check(
    program: DenoisingProgram,
    options: { readonly chunks: number; readonly provider?: ExecutionProvider },
  ): Promise<{ readonly measuredMs: number; readonly predictedMs: number }> {
    const { threads } = this.data;
    const reference = probePrograms(this.#policy)[REFERENCE]!;
    const timed: Denoiser[] = [];
    try {
      for (const one of [program, reference]) {
        timed.push(await load(this.#policy, one, { ...options, threads }));
      }
      const [measuredMs, now] = await mediansInTurn(this.#policy, timed, options.chunks);
      const pace = now! / this.data.probes[REFERENCE]!.measured;
      return { measuredMs: measuredMs!, predictedMs: this.predictMs(program) * pace };
    } finally {
      for (const denoiser of timed) await denoiser.close();
    }
  }
}

/** Past the graph cache: probes are of no use to anybody else. */
function load(
  policy: PolicyPackage,
  program: DenoisingProgram,
  {
    threads,
    provider = 'cpu',
  }: { readonly threads: number; readonly provider?: ExecutionProvider },
): Promise<Denoiser> {
  return openDenoiser(policy, program, { threads, provider, keepGraph: false });
}

async function mediansInTurn(
  policy: PolicyPackage,
  denoisers: readonly Denoiser[],
  chunks: number,
  onChunk?: () => void,
): Promise<number[]> {
  const { manifest } = policy;
  const workload = madeUpWorkload(manifest, 8, 0);
  const size = workload.condition.length / workload.samples;
  const contenders = denoisers.map((denoiser, i) => ({
    name: `${i}`,
    engine: 'compiled',
    cost: 0,
    run: async (sample: number) => {
      const condition = workload.condition.subarray(sample * size, (sample + 1) * size);
      const noise = noiseOfSample(workload, sample, manifest.noise_scheduler.steps);
      const begin = performance.now();
      const { action } = await denoiser.denoise(condition, noise);
      return { ms: performance.now() - begin, action };
    },
    close: () => denoiser.close(),
  }));
  const timed = await timeInTurn(contenders, {
    chunks,
    samples: workload.samples,
    ...(onChunk && { onChunk }),
  });
  return timed.map(({ times }) => [...times].sort((a, b) => a - b)[times.length >> 1]!);
}

function product(work: readonly number[], each: readonly number[]): number {
  return WORK.reduce((sum, _, i) => sum + work[i]! * each[i]!, 0);
}
