import type { DenoisingInputs } from '../caching/denoising_inputs.js';
import type { PlanFile } from '../policy/plan_file.js';
import type { PolicyPackage } from '../policy/policy_package.js';
import { PlanTime } from '../search/plan_time.js';
import type { Contender } from './contender.js';
import type { BenchRow } from './measure.js';

/** A row with what the cost model expects of it at the speed of the moment, ms; absent = it says nothing of it. */
export type ForecastRow = BenchRow & { readonly predicted_ms?: number };

/** What the cost model expects of plans that are timed. */
export class Forecast {
  readonly #time: PlanTime;

  private constructor(
    time: PlanTime,
    /** Has to be timed in turn with the plans, after them: it tells the speed of the moment. */
    readonly reference: Contender & { readonly fittedMs: number },
  ) {
    this.#time = time;
  }

  /** @param onChunk hears every chunk of fitting, see {@link PlanTime.open} */
  static async open(
    policy: PolicyPackage,
    workload: DenoisingInputs,
    threads: number,
    onChunk: () => void,
  ): Promise<Forecast> {
    const time = await PlanTime.open(policy, threads, onChunk);
    return new Forecast(time, await time.reference(workload));
  }

  /**
   * @param rows the last is the reference's, and is left out of the result
   * @param plans of the rows, by their names; a row without one is the dense policy's
   */
  complete(
    rows: readonly BenchRow[],
    plans: readonly { readonly name: string; readonly plan: PlanFile }[],
  ): ForecastRow[] {
    const pace = rows.at(-1)!.own_ms / this.reference.fittedMs;
    return rows.slice(0, -1).map((row) => {
      if (row.engine !== 'compiled') return row;
      const predicted = pace * this.#time.ofPlan(plans.find(({ name }) => name === row.name)?.plan);
      return { ...row, predicted_ms: Math.round(1000 * predicted) / 1000 };
    });
  }
}
