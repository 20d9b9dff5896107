import { certificateOf } from '../../caching/certificate.js';
import { type ErrorStatistics, errorStatistics } from '../../caching/error_statistics.js';
import { type ExecutedJoint, executedJoints } from '../../caching/executed_joints.js';
import { type NoiseSpread, noiseSpread } from '../../caching/noise_spread.js';
import type { PolicyManifest } from '../../policy/manifest.js';
import { isBest } from './best_rows.js';
import { CONTROL_METHOD } from './control_plan.js';
import { energyDistance } from './energy_distance.js';
import type { MeasuredPlan, MeasuredPlans, NamedPlan } from './measure_plans.js';
import { planFacts } from './plan_facts.js';
import type { ReportFacts, ReportRow } from './report_facts.js';
import { timeFacts } from './time_facts.js';

/** What is known of a plan from its chunks alone. */
export type JudgedRow = Omit<ReportRow, 'featured' | 'along_denoising' | 'best_at' | 'drift'>;

/** Everything that follows from the chunks of dense and of plans. */
export interface Judgement {
  readonly joints: readonly ExecutedJoint[];
  readonly noiseSpread: NoiseSpread;
  readonly noiseError: ErrorStatistics;
  /** One for each plan. */
  readonly rows: readonly (JudgedRow & Pick<ReportRow, 'best_at'>)[];
}

/**
 * Compares the chunks of plans with those of dense.
 * @param measured chunks of 2N samples: N observations from one noise, then from another
 * @param episodes (N)
 */
export function judgePlans(
  manifest: PolicyManifest,
  plans: readonly NamedPlan[],
  { dense, plans: measured, uncorrected }: MeasuredPlans,
  episodes: readonly number[],
  { eager, seed }: { readonly eager: ReportFacts['eager']; readonly seed: number },
): Judgement {
  const samples = episodes.length;
  const halves = ({ actions }: MeasuredPlan): [Float32Array, Float32Array] => [
    actions.subarray(0, actions.length / 2),
    actions.subarray(actions.length / 2),
  ];
  const [own, other] = halves(dense);
  const joints = executedJoints(manifest, own);
  const shape = { joints, steps: manifest.architecture.n_action_steps };
  const both = [...episodes, ...episodes];
  const spread = noiseSpread([own, other], samples);
  const rows = plans.map(({ name, file, plan }, i): JudgedRow => {
    const found = measured[i]!;
    const bare = uncorrected.get(name);
    // Those that the interpreter ran are of some of the samples.
    const of = found.of ?? both.map((_, sample) => sample);
    const reference = { ...dense, actions: pick(dense.actions, of, both.length) };
    const errorOf = ({ actions }: MeasuredPlan): ErrorStatistics =>
      errorStatistics({ plan: actions, dense: reference.actions }, shape, {
        episodes: of.map((sample) => both[sample]!),
        seed,
      });
    const error = errorOf(found);
    return {
      name,
      method: plan.plan.method.name,
      engine: found.engine,
      cost: found.cost,
      time: found.chunksMs && timeFacts(found.chunksMs, found.denseMs, eager),
      error,
      error_of_spread: error.rms.value / spread.difference,
      without_correction: bare ? errorOf(bare).rms : null,
      other_solver: plan.plan.solver.kind !== manifest.noise_scheduler.kind,
      distribution_distance: energyDistance(halves(reference), halves(found), of.length / 2, seed),
      plan: planFacts(plan, file),
      certificate: certificateOf(plan.plan, file ?? name) ?? null,
    };
  });
  const compared = rows.map(({ error, time, cost, other_solver: solver, method }) => ({
    // Other solvers draw other samples: their error is no rival of the others'. The control is no policy to run.
    error: solver || method === CONTROL_METHOD ? null : error!.rms.value,
    ms: time && time.median_ms,
    cost,
  }));
  return {
    joints,
    noiseSpread: spread,
    noiseError: errorStatistics({ plan: other, dense: own }, shape, { episodes, seed }),
    rows: rows.map((row, i) => ({
      ...row,
      best_at: {
        its_ms: isBest(compared[i]!, compared, 'ms'),
        its_cost: isBest(compared[i]!, compared, 'cost'),
      },
    })),
  };
}

/** The actions of some samples, in the order of `of`. @param samples that there are */
function pick(actions: Float32Array, of: readonly number[], samples: number): Float32Array {
  const size = actions.length / samples;
  const picked = new Float32Array(of.length * size);
  for (const [i, sample] of of.entries()) {
    picked.set(actions.subarray(sample * size, (sample + 1) * size), i * size);
  }
  return picked;
}
