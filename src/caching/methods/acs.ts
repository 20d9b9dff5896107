import { z } from 'zod';
import {
  adaptiveCachingSchedule,
  OBJECTIVES,
  type Objective,
} from '../adaptive_caching_scheduler.js';
import { measuredBy, type Calibration } from '../calibration.js';
import { withFinalUpdate } from '../final_update.js';
import { makePlan, type PlanTarget } from '../make_plan.js';
import { isSimilarity, METRICS, type Metric } from '../metrics.js';
import type { Plan } from '../plan.js';
import { stepSimilarity } from '../step_similarity.js';
import { atMostSteps, featuresOf, targetOf } from './context.js';
import { defineMethod } from './method.js';
import { finalUpdate as finalField, updatesPerBlock } from './option_fields.js';

/** The paper of `acs` and `bac`. */
export const BAC_PAPER = {
  title: 'Block-wise Adaptive Caching for Accelerating Diffusion Policy',
  arxiv: '2506.13456',
} as const;

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

/** Options of schedules by similarity, as text. */
export const acsFields = {
  updates: updatesPerBlock,
  metric: z.enum(METRICS).default('cosine').describe('how features of two steps are compared'),
  objective: z.enum(OBJECTIVES).default('anchor').describe("a segment's score"),
  final: finalField(true),
};

/** `acs`. */
export const acs = defineMethod({
  name: 'acs',
  summary: 'each block by its own Adaptive Caching Schedule, without the union of bac',
  paper: BAC_PAPER,
  decisions: 'static',
  needs: ['features'],
  options: z.strictObject(acsFields),
  make(context, { final: finalUpdate, ...options }) {
    const target = targetOf(context);
    const calibration = featuresOf(context, 'acs');
    atMostSteps(options.updates, target.steps, '--updates');
    const plan = acsPlan(target, calibration, { ...options, finalUpdate });
    return { plan, constants: new Map() };
  },
});
