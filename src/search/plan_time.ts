import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DenoisingInputs } from '../caching/denoising_inputs.js';
import { denoisingProgram } from '../caching/denoising_program.js';
import type { MadePlan } from '../caching/methods/method.js';
import type { Numerics } from '../caching/plan_fields.js';
import { sha256, writeAtomically } from '../files.js';
import { cacheDirectory } from '../inference/graph_cache.js';
import { thisMachine } from '../inference/this_machine.js';
import type { PolicyPackage } from '../policy/policy_package.js';
import { CostModel, type CostModelData, type Reference } from './cost_model.js';
import { probeProgram } from './probe_programs.js';

/** Changes whenever what a model says means something else. */
const MODEL_VERSION = 5;

/** Predicts the time of plans on this machine; the model is fitted once and kept beside the graphs. */
export class PlanTime {
  readonly #policy: PolicyPackage;
  readonly #model: CostModel;
  readonly #threads: number;

  private constructor(policy: PolicyPackage, model: CostModel, threads: number) {
    this.#policy = policy;
    this.#model = model;
    this.#threads = threads;
  }

  /** @param onChunk hears every chunk, of `CostModel.chunks`, where the model has to be fitted */
  static async open(
    policy: PolicyPackage,
    threads: number,
    onChunk?: () => void,
  ): Promise<PlanTime> {
    const key = [MODEL_VERSION, policy.sha256, threads, thisMachine()];
    const name = `cost_model_${sha256(Buffer.from(JSON.stringify(key))).slice(0, 16)}.json`;
    const path = join(cacheDirectory(), name);
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text !== undefined) {
      return new PlanTime(
        policy,
        new CostModel(policy, JSON.parse(text) as CostModelData),
        threads,
      );
    }
    const model = await CostModel.fit(policy, { threads, ...(onChunk && { onChunk }) });
    await mkdir(cacheDirectory(), { recursive: true, mode: 0o700 });
    await writeAtomically(path, JSON.stringify(model.data));
    return new PlanTime(policy, model, threads);
  }

  /** Predicted time of a chunk, ms. @param plan absent = the dense policy */
  ofPlan(plan?: MadePlan): number {
    return this.#model.predictMs(denoisingProgram(this.#policy.manifest, plan));
  }

  /** The same with so many evaluations and an affine run after each. */
  predictMs(count: number, numerics: Numerics): number {
    return this.#model.predictMs(probeProgram(this.#policy, { evaluations: count, numerics }));
  }

  /** Most evaluations within a time; 0 = not even one. */
  mostEvaluations(ms: number, numerics: Numerics): number {
    const { steps } = this.#policy.manifest.noise_scheduler;
    let count = 0;
    while (count < steps && this.predictMs(count + 1, numerics) <= ms) count++;
    return count;
  }

  /** See {@link CostModel.reference}. */
  reference(workload: DenoisingInputs, kind: Numerics['kind']): Promise<Reference> {
    return this.#model.reference(workload, kind, this.#threads);
  }
}
