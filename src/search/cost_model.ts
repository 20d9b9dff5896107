import { programContender } from '../bench/compiled_contender.js';
import type { Contender } from '../bench/contender.js';
import { ownTime } from '../bench/own_time.js';
import { timeInTurn } from '../bench/time_in_turn.js';
import { madeUpWorkload } from '../bench/workload.js';
import type { DenoisingInputs } from '../caching/denoising_inputs.js';
import { type DenoisingProgram, denoisingProgram } from '../caching/denoising_program.js';
import type { Numerics } from '../caching/plan_fields.js';
import type { PolicyPackage } from '../policy/policy_package.js';
import { nonNegativeLeastSquares } from './non_negative_least_squares.js';
import { probeProgram, PROBES, REFERENCES } from './probe_programs.js';
import { programWork, WORK } from './program_work.js';

/** Chunks that each probe makes, in turn with the others. */
const CHUNKS = 15;

/** How the time of a compiled program follows from what it does. */
export interface CostModelData {
  /** ms for each of {@link WORK}. */
  readonly ms: readonly number[];
  /** What the probes took and what the model makes of them, ms; the dense policy is the last. */
  readonly probes: readonly { readonly measured: number; readonly predicted: number }[];
}

/** A probe that tells how fast the machine is at the moment. */
export type Reference = Contender & {
  readonly kind: Numerics['kind'];
  /** What it took when the model was fitted. */
  readonly fittedMs: number;
};

/** Predicts how long a program takes without compiling it, from programs that were timed on this machine. */
export class CostModel {
  readonly #policy: PolicyPackage;

  constructor(
    policy: PolicyPackage,
    readonly data: CostModelData,
  ) {
    this.#policy = policy;
  }

  /**
   * Compiles and times probes, about a minute for 8 layers.
   * @param options `onChunk` hears every chunk, of `CostModel.chunks` in all
   */
  static async fit(
    policy: PolicyPackage,
    options: { readonly threads: number; readonly onChunk?: () => void },
  ): Promise<CostModel> {
    const { manifest } = policy;
    const { threads, onChunk } = options;
    const workload = madeUpWorkload(manifest, 8, 0);
    const programs = PROBES.map((probe) => probeProgram(policy, probe));
    const contenders: Contender[] = [];
    try {
      for (const program of [...programs, undefined]) {
        contenders.push(await contenderOf(policy, workload, program, threads));
      }
      const { samples } = workload;
      const settings = { chunks: CHUNKS, samples, threads, ...(onChunk && { onChunk }) };
      const timed = await timeInTurn(contenders, settings);
      const times = timed.map((chunks) => ownTime(chunks, threads));
      const work = [...programs, denoisingProgram(manifest)].map((program) =>
        programWork(program, manifest),
      );
      // Every probe counts by its relative error: budgets are ratios.
      const ms = nonNegativeLeastSquares(
        work.map((row, i) => row.map((count) => count / times[i]!)),
        times.map(() => 1),
      );
      const probes = times.map((measured, i) => ({ measured, predicted: product(work[i]!, ms) }));
      return new CostModel(policy, { ms, probes });
    } finally {
      for (const contender of contenders) await contender.close();
    }
  }

  /** Chunks that fitting makes. */
  static chunks(): number {
    return CHUNKS * (PROBES.length + 1);
  }

  /** Predicted time of one chunk when nothing else runs, ms. */
  predictMs(program: DenoisingProgram): number {
    return product(programWork(program, this.#policy.manifest), this.data.ms);
  }

  /**
   * A probe to be timed in turn with programs whose predicted times are to be checked: the machine may be slower
   * or faster now than it was when the model was fitted, and not by the same factor in int8.
   */
  async reference(
    workload: DenoisingInputs,
    kind: Numerics['kind'],
    threads: number,
  ): Promise<Reference> {
    const place = REFERENCES[kind];
    const program = probeProgram(this.#policy, PROBES[place]!);
    const contender = await contenderOf(this.#policy, workload, program, threads);
    return { ...contender, kind, fittedMs: this.data.probes[place]!.measured };
  }
}

/** Past the graph cache: probes are of no use to anybody else. */
function contenderOf(
  policy: PolicyPackage,
  workload: DenoisingInputs,
  program: DenoisingProgram | undefined,
  threads: number,
): Promise<Contender> {
  return programContender(policy, workload, program, {
    name: 'probe',
    threads,
    provider: 'cpu',
    keepGraph: false,
  });
}

function product(work: readonly number[], each: readonly number[]): number {
  return WORK.reduce((sum, _, i) => sum + work[i]! * each[i]!, 0);
}
