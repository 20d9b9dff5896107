import { CERTIFICATE_FORMAT, type Certificate } from '../caching/certificate.js';
import { spreadEvenly } from '../caching/denoising_inputs.js';
import { errorStatistics } from '../caching/error_statistics.js';
import { median } from '../caching/median.js';
import { executedJoints } from '../caching/executed_joints.js';
import type { Calibration } from '../caching/calibration.js';
import type { MadePlan } from '../caching/methods/method.js';
import type { Trajectories } from '../caching/trajectories.js';
import { driftConstants } from '../control/drift_constants.js';
import { thisMachine } from '../inference/this_machine.js';
import { executedActions } from '../policy/executed_actions.js';
import type { PolicyPackage } from '../policy/policy_package.js';
import { checkTime } from './check_time.js';
import { driftCheck } from './drift_check.js';
import { inpaintedError } from './inpainted_error.js';
import { measurePlan, type PlanMeasurement, rootMeanSquare } from './measure_plan.js';
import { noiseSpreadOf } from '../caching/noise_spread_of.js';
import type { Folds } from './ridge_rows.js';
import type { Outcome } from './plan_search.js';
import type { PlanTime } from './plan_time.js';

/** Most runs of either kind that a plan is carried out on, where nothing else is said. */
const MOST_RUNS = 128;
/** And without its correction, which takes all denoising steps. */
const MOST_UNCORRECTED = 24;

/** And with part of the chunk known, by the dense policy as well. */
const MOST_INPAINTED = 16;

/** What is said of a plan beside what is measured here. */
export interface Certified {
  readonly calibration: Calibration;
  readonly folds: Folds;
  /** Multiply-adds of the dense policy. */
  readonly denseMultiplyAdds: number;
  /** Errors of an affine policy that evaluates no network. */
  readonly control: Pick<Outcome, 'error' | 'heldOut'>;
  /** Predicts the time; absent = no time is predicted. */
  readonly time?: PlanTime;
  /** Most runs of either kind that the plan is carried out on; default 128. */
  readonly mostRuns?: number;
  /** Of the engine. */
  readonly threads: number;
  readonly seed: number;
  readonly command: string;
}

/**
 * Carries a plan out with the compiled engine on runs that it was fitted on and on held-out ones.
 * @returns the plan with its certificate in `measured`, and what drift is judged by among its constants
 */
export async function certify(
  policy: PolicyPackage,
  { plan, constants }: MadePlan,
  about: Certified,
): Promise<{ readonly made: MadePlan; readonly certificate: Certificate }> {
  const { calibration, folds, threads, mostRuns = MOST_RUNS } = about;
  const trajectories = calibration.trajectories!;
  const rows = (isHeldOut: boolean, most: number): number[] => {
    const all = [...folds.of.keys()].filter((row) => folds.of[row]! < 0 === isHeldOut);
    return spreadEvenly(all.length, most).map((i) => all[i]!);
  };
  const split = async (
    isHeldOut: boolean,
  ): Promise<{ split: Certificate['calibration']; measured: PlanMeasurement } | undefined> => {
    const chosen = rows(isHeldOut, mostRuns);
    if (chosen.length === 0) return undefined;
    const measured = await measurePlan(policy, { plan, constants }, trajectories, chosen, about);
    const episodes = chosen.map((row) => trajectories.episodes[row]!);
    return {
      measured,
      split: {
        episodes: [...new Set(episodes)],
        error: errorStatistics(measured.actions, jointsOf(policy, trajectories), {
          episodes,
          seed: about.seed,
        }),
      },
    };
  };
  const fitted = (await split(false))!;
  const heldOut = await split(true);
  const everyRow = [...folds.of.keys()];
  const { times, predictedMs } = await checkTime(policy, { plan, constants }, about.time, threads);
  const inpainted = (isHeldOut: boolean): Promise<number> =>
    inpaintedError(
      policy,
      { plan, constants },
      trajectories,
      rows(isHeldOut, Math.min(mostRuns, MOST_INPAINTED)),
      about,
    );
  const { multiplyAdds } = fitted.measured;
  const drift = driftCheck(calibration, folds);
  const certificate: Certificate = {
    format: CERTIFICATE_FORMAT,
    calibration: fitted.split,
    held_out: heldOut?.split ?? null,
    noise_spread:
      noiseSpreadOf(policy.manifest, trajectories, rows(true, Infinity)) ??
      noiseSpreadOf(policy.manifest, trajectories, everyRow),
    correction: plan.correction
      ? {
          calibration: await uncorrected(
            policy,
            plan,
            trajectories,
            rows(false, Math.min(mostRuns, MOST_UNCORRECTED)),
            about,
          ),
          held_out: heldOut
            ? await uncorrected(
                policy,
                plan,
                trajectories,
                rows(true, Math.min(mostRuns, MOST_UNCORRECTED)),
                about,
              )
            : null,
        }
      : null,
    real_time_chunking: {
      calibration: await inpainted(false),
      held_out: heldOut ? await inpainted(true) : null,
    },
    control: {
      calibration: about.control.error,
      held_out: Number.isFinite(about.control.heldOut) ? about.control.heldOut : null,
    },
    drift: drift.heldOut,
    cost: multiplyAdds / about.denseMultiplyAdds,
    multiply_adds: multiplyAdds,
    predicted_ms: predictedMs,
    measured_ms: {
      median: median(times),
      p90: times[Math.floor(0.9 * (times.length - 1))]!,
      chunks: times.length,
    },
    engine: 'compiled',
    provider: 'cpu',
    threads,
    ...thisMachine(),
    sources: [...calibration.sources],
    seed: about.seed,
    command: about.command,
  };
  return {
    made: {
      plan: { ...plan, measured: certificate },
      constants: new Map([...constants, ...driftConstants(drift.reference)]),
    },
    certificate,
  };
}

/** The error of the plan when its blocks merely reuse what they stored. */
async function uncorrected(
  policy: PolicyPackage,
  { correction, ...plan }: MadePlan['plan'],
  trajectories: Trajectories,
  rows: readonly number[],
  options: { readonly threads: number },
): Promise<number> {
  if (!correction) throw new RangeError('the plan has no correction');
  const made = { plan, constants: new Map() };
  return rootMeanSquare(await measurePlan(policy, made, trajectories, rows, options));
}

function jointsOf(
  { manifest }: PolicyPackage,
  { states }: Trajectories,
): Parameters<typeof errorStatistics>[1] {
  return {
    joints: executedJoints(manifest, executedActions(manifest, states.at(-1)!)),
    steps: manifest.architecture.n_action_steps,
  };
}
