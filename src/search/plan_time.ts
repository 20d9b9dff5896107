import { mkdir, readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import type { AffineRun } from '../caching/affine_run.js';
import { denoisingProgram } from '../caching/denoising_program.js';
import type { Numerics } from '../caching/plan_fields.js';
import { sha256, writeAtomically } from '../files.js';
import { cacheDirectory } from '../inference/graph_cache.js';
import type { PolicyPackage } from '../policy/policy_package.js';
import { affinePlan } from './affine_plan.js';
import { CostModel, type CostModelData } from './cost_model.js';
import { spreadEvaluations } from './spread_evaluations.js';

/** Predicts the time of searched plans on this machine; the model is fitted once and kept beside the graphs. */
export class PlanTime {
  readonly #policy: PolicyPackage;
  readonly #model: CostModel;

  private constructor(policy: PolicyPackage, model: CostModel) {
    this.#policy = policy;
    this.#model = model;
  }

  static async open(policy: PolicyPackage, threads: number): Promise<PlanTime> {
    const key = [policy.sha256, threads, cpus()[0]?.model ?? ''];
    const name = `cost_model_${sha256(Buffer.from(JSON.stringify(key))).slice(0, 16)}.json`;
    const path = join(cacheDirectory(), name);
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text !== undefined) {
      return new PlanTime(policy, new CostModel(policy, JSON.parse(text) as CostModelData));
    }
    const model = await CostModel.fit(policy, { threads });
    await mkdir(cacheDirectory(), { recursive: true, mode: 0o700 });
    await writeAtomically(path, JSON.stringify(model.data));
    return new PlanTime(policy, model);
  }

  /** Predicted median time of a chunk, ms, with so many evaluations and an affine run after each. */
  predictMs(count: number, numerics: Numerics): number {
    const { architecture: a, noise_scheduler: scheduler } = this.#policy.manifest;
    const evaluations = spreadEvaluations([0], count, scheduler.steps);
    const size = a.horizon * a.action_dim;
    const runs = evaluations.map((begin, i): AffineRun => {
      const end = evaluations[i + 1] ?? scheduler.steps;
      return {
        begin,
        end,
        state: new Float32Array(size ** 2),
        clean: new Float32Array(size ** 2),
        condition: new Float32Array(a.n_obs_steps * a.condition_dim * size),
        offset: new Float32Array(size),
        noise: new Float32Array((end - begin) * size ** 2),
      };
    });
    const made = affinePlan(this.#policy, { evaluations, reused: [], runs: () => runs });
    const plan = { ...made.plan, numerics };
    return this.#model.predictMs(denoisingProgram(this.#policy.manifest, { ...made, plan }));
  }

  /** Most evaluations within a time; 0 = not even one. */
  mostEvaluations(ms: number, numerics: Numerics): number {
    const { steps } = this.#policy.manifest.noise_scheduler;
    let count = 0;
    while (count < steps && this.predictMs(count + 1, numerics) <= ms) count++;
    return count;
  }
}
