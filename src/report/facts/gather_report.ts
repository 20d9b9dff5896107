import { type Calibration } from '../../caching/calibration.js';
import { certificateOf } from '../../caching/certificate.js';
import type { DenoisingInputs } from '../../caching/denoising_inputs.js';
import { type ErrorStatistics, errorStatistics } from '../../caching/error_statistics.js';
import { executedJoints } from '../../caching/executed_joints.js';
import { noiseSpread } from '../../caching/noise_spread.js';
import { type Interpreter, openInterpreter } from '../../inference/interpreter.js';
import { thisMachine } from '../../inference/this_machine.js';
import type { PolicyPackage } from '../../policy/policy_package.js';
import { alongDenoising } from './along_denoising.js';
import { isBest } from './best_rows.js';
import { budgetPicks } from './budget_picks.js';
import { energyDistance } from './energy_distance.js';
import { type MeasuredPlan, measurePlans, type NamedPlan } from './measure_plans.js';
import { overlayFacts } from './overlay_facts.js';
import { planFacts } from './plan_facts.js';
import {
  REPORT_FORMAT,
  type ReportFacts,
  type ReportRow,
  type SourceFacts,
} from './report_facts.js';
import { similarityFacts } from './similarity_facts.js';
import { quantile, timeFacts } from './time_facts.js';
import { denseRow, isHeldOut, policyFacts } from './report_parts.js';
import { withTwoNoises } from './two_noises.js';

/** What a report is made from. */
export interface ReportInputs {
  readonly policy: PolicyPackage;
  readonly plans: readonly NamedPlan[];
  readonly calibration: { readonly file: string; readonly sha256: string } & Pick<
    Calibration,
    'samples' | 'sources' | 'blocks' | 'steps'
  >;
  /** Observations that plans are measured on, with one noise each. */
  readonly observations: {
    readonly inputs: DenoisingInputs;
    readonly available: number;
    readonly sources: readonly SourceFacts[];
    /** (N) which episode each is from, where that is known. */
    readonly episodes?: ArrayLike<number>;
  };
  readonly eager: ReportFacts['eager'];
  readonly skipped: ReportFacts['skipped'];
  readonly command: string;
  readonly threads: number;
  readonly seed: number;
  /** Chunks that each plan makes; at least two for each observation are made. */
  readonly chunks: number;
  /** Called once for every chunk of every plan and of dense. */
  readonly onChunk: () => void;
}

/** Plans that get curves of their own; more cannot be told apart. */
const MOST_FEATURED = 6;
/** Plans in the overlays of chunks. */
const MOST_OVERLAID = 3;

/** Measures all plans and collects what a report says about them. */
export async function gatherReport(given: ReportInputs): Promise<ReportFacts> {
  const { policy, plans, observations, seed, threads } = given;
  const { manifest } = policy;
  const { inputs } = observations;
  const { samples } = inputs;
  const both = withTwoNoises(inputs, manifest, seed + 1);
  const chunks = Math.max(given.chunks, both.samples);
  let opened: Promise<Interpreter> | undefined;
  const interpreter = (): Promise<Interpreter> => (opened ??= openInterpreter(policy, { threads }));
  try {
    const [dense, ...measured] = (await measurePlans(policy, plans, both, interpreter, {
      ...given,
      chunks,
    })) as [MeasuredPlan, ...MeasuredPlan[]];
    const half = dense.actions.length / 2;
    const [own, other] = [dense.actions.subarray(0, half), dense.actions.subarray(half)];
    const joints = executedJoints(manifest, own);
    const { n_action_steps: steps, action_dim: width } = manifest.architecture;
    const episodes = observations.episodes ?? Array.from({ length: samples }, (_, i) => i);
    const twice = [...Array.from(episodes), ...Array.from(episodes)];
    const compare = (
      plan: Float32Array,
      against: Float32Array,
      of: ArrayLike<number>,
    ): ErrorStatistics =>
      errorStatistics({ plan, dense: against }, { joints, steps }, { episodes: of, seed });
    const spread = noiseSpread([own, other], samples);
    const errors = measured.map(({ actions }) => compare(actions, dense.actions, twice));
    const featured = featuredPlans(plans, measured, errors);
    const sameSteps = plans.filter(
      ({ plan: { plan } }, i) =>
        featured.has(i) &&
        plan.steps === manifest.noise_scheduler.steps &&
        plan.solver.kind === manifest.noise_scheduler.kind,
    );
    const curves = await alongDenoising(policy, sameSteps, inputs, await interpreter());
    const compared = measured.map((m, i) => ({
      // Other solvers draw other samples: their error is no rival of the others'.
      error:
        plans[i]!.plan.plan.solver.kind === manifest.noise_scheduler.kind
          ? errors[i]!.rms.value
          : null,
      ms: m.chunksMs && quantile(m.chunksMs, 0.5),
      cost: m.cost,
    }));
    const rows = plans.map(({ name, file, plan }, i): ReportRow => {
      const found = measured[i]!;
      const certificate = certificateOf(plan.plan, file ?? name) ?? null;
      return {
        name,
        method: plan.plan.method.name,
        engine: found.engine,
        cost: found.cost,
        time: found.chunksMs && timeFacts(found.chunksMs, dense.chunksMs!, given.eager),
        error: errors[i]!,
        error_of_spread: errors[i]!.rms.value / spread.difference,
        other_solver: plan.plan.solver.kind !== manifest.noise_scheduler.kind,
        rms_without_correction: certificate?.correction?.held_out ?? null,
        distribution_distance: energyDistance(
          [own, other],
          [found.actions.subarray(0, half), found.actions.subarray(half)],
          samples,
          seed,
        ),
        featured: featured.has(i),
        best_at: {
          its_ms: isBest(compared[i]!, compared, 'ms'),
          its_cost: isBest(compared[i]!, compared, 'cost'),
        },
        along_denoising: curves[sameSteps.indexOf(plans[i]!)] ?? [],
        plan: planFacts(plan.plan, plan.sha256, file),
        certificate,
      };
    });
    const picks = budgetPicks({ rows, noise_spread: spread }).map(({ row }) => row);
    const overlaid = (picks.length > 0 ? picks : rows.filter((row) => row.featured))
      .slice(0, MOST_OVERLAID)
      .map((row) => ({ name: row.name, actions: measured[rows.indexOf(row)]!.actions }));
    const controls = rows.flatMap(({ certificate }) => certificate?.control?.held_out ?? []);
    return {
      format: REPORT_FORMAT,
      policy: policyFacts(policy, joints),
      observations: {
        count: samples,
        available: observations.available,
        episodes: observations.episodes ? new Set(Array.from(episodes)).size : null,
        held_out: isHeldOut(given, rows),
        sources: observations.sources,
      },
      calibration: {
        file: given.calibration.file,
        sha256: given.calibration.sha256,
        samples: given.calibration.samples,
        sources: given.calibration.sources,
      },
      noise_spread: spread,
      noise_error: compare(other, own, episodes),
      affine_control: controls[0] ?? null,
      eager: given.eager,
      rows: [denseRow(dense, given), ...rows],
      overlays: overlayFacts(
        { name: 'dense', actions: own },
        { name: 'dense, other noise', actions: other },
        overlaid,
        samples,
        steps * width,
        width,
      ),
      similarity: similarityFacts(given.calibration),
      skipped: given.skipped,
      made: {
        command: given.command,
        before: [...new Set(rows.flatMap(({ certificate }) => certificate?.command ?? []))],
        date: new Date().toISOString().slice(0, 10),
        ...thisMachine(),
        threads,
        seed,
        chunks,
      },
    };
  } finally {
    await (await opened)?.close();
  }
}

/** Plans that were given as files, else those that nothing beats. @returns indices */
function featuredPlans(
  plans: readonly NamedPlan[],
  measured: readonly MeasuredPlan[],
  errors: readonly ErrorStatistics[],
): ReadonlySet<number> {
  const files = plans.flatMap(({ file }, i) => (file === null ? [] : [i]));
  if (files.length > 0) return new Set(files.slice(0, MOST_FEATURED));
  const compared = measured.map(({ cost }, i) => ({ error: errors[i]!.rms.value, ms: null, cost }));
  const best = compared.flatMap((row, i) => (isBest(row, compared, 'cost') ? [i] : []));
  return new Set(best.slice(0, MOST_FEATURED));
}
