import type { DenoisingInputs } from '../caching/denoising_inputs.js';
import type { PlanFile } from '../policy/plan_file.js';
import type { PolicyPackage } from '../policy/policy_package.js';
import type { Reference } from '../search/cost_model.js';
import { PlanTime } from '../search/plan_time.js';
import type { BenchRow } from './measure.js';

/** A row with what the cost model expects of it at the speed of the moment, ms; absent = it says nothing of it. */
export type ForecastRow = BenchRow & { readonly predicted_ms?: number };

/** What the cost model expects of plans that are timed. */
export class Forecast {
  readonly #time: PlanTime;

  private constructor(
    time: PlanTime,
    /** Have to be timed in turn with the plans, after them: they tell the speed of the moment. */
    readonly references: readonly Reference[],
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
    const references = [
      await time.reference(workload, 'fp32'),
      await time.reference(workload, 'int8'),
    ];
    return new Forecast(time, references);
  }

  /**
   * @param rows the last are those of the references, and are left out of the result
   * @param plans of the rows, by their names; a row without one is the dense policy's
   */
  complete(
    rows: readonly BenchRow[],
    plans: readonly { readonly name: string; readonly plan: PlanFile }[],
  ): ForecastRow[] {
    const count = rows.length - this.references.length;
    const paces = new Map(
      this.references.map(({ kind, fittedMs }, i) => [kind, rows[count + i]!.own_ms / fittedMs]),
    );
    return rows.slice(0, count).map((row) => {
      if (row.engine !== 'compiled') return row;
      const file = plans.find(({ name }) => name === row.name)?.plan;
      const predicted = paces.get(file?.plan.numerics.kind ?? 'fp32')! * this.#time.ofPlan(file);
      return { ...row, predicted_ms: Math.round(1000 * predicted) / 1000 };
    });
  }
}
