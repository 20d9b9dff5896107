import { adaptiveCachingSchedule, type Objective } from '../adaptive_caching_scheduler.js';
import { measuredBy, type Calibration } from '../calibration.js';
import { withFinalUpdate } from '../final_update.js';
import { makePlan, type PlanTarget } from '../make_plan.js';
import { isSimilarity, type Metric } from '../metrics.js';
import type { Plan } from '../plan.js';
import { stepSimilarity } from '../step_similarity.js';

/** Options of {@link acsPlan}. */
export interface AcsOptions {
  /** S, 1..K. */
  readonly updates: number;
  /** Default `cosine`. */
  readonly metric?: Metric;
  /** Default `anchor`. */
  readonly objective?: Objective;
  /** Also update every block at step K-1, as the authors' code does. Default true. */
  readonly finalUpdate?: boolean;
}

/** Schedules of the Adaptive Caching Scheduler alone, one per block in canonical order. */
export function acsSchedules(
  calibration: Calibration,
  { updates, metric = 'cosine', objective = 'anchor' }: AcsOptions,
): number[][] {
  return calibration.blocks.map(({ statistics }) =>
    adaptiveCachingSchedule(stepSimilarity(statistics, metric), {
      updates,
      objective,
      maximise: isSimilarity(metric),
    }),
  );
}

/** Each block by its own ACS schedule, without the union of BAC. */
export function acsPlan(target: PlanTarget, calibration: Calibration, options: AcsOptions): Plan {
  const { updates, metric = 'cosine', objective = 'anchor', finalUpdate = true } = options;
  const schedules = acsSchedules(calibration, options);
  return makePlan(
    target,
    { name: 'acs', updates, metric, objective, final_update: finalUpdate },
    finalUpdate ? schedules.map((steps) => withFinalUpdate(steps, target.steps)) : schedules,
    measuredBy(calibration),
  );
}
