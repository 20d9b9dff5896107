import type { ExecutedJoint } from '../../caching/executed_joints.js';
import type { PolicyPackage } from '../../policy/policy_package.js';
import type { ReportInputs } from './gather_report.js';
import type { MeasuredPlan } from './measure_plans.js';
import type { ReportFacts, ReportRow } from './report_facts.js';
import { timeFacts } from './time_facts.js';

/** What a report says about the policy. */
export function policyFacts(
  { directory, sha256, manifest }: PolicyPackage,
  joints: readonly ExecutedJoint[],
): ReportFacts['policy'] {
  const { architecture: a, noise_scheduler: scheduler, provenance } = manifest;
  return {
    directory,
    sha256,
    source: provenance.source,
    layers: a.layers,
    embedding: a.embedding,
    horizon: a.horizon,
    executed_actions: a.n_action_steps,
    denoising_steps: scheduler.steps,
    solver: scheduler.kind,
    joints: joints.map(({ name, unit }) => ({ name, unit })),
  };
}

/** The row of the dense policy, which has no error. */
export function denseRow(
  { engine, cost, chunksMs }: MeasuredPlan,
  { eager }: Pick<ReportInputs, 'eager'>,
): ReportRow {
  return {
    name: 'dense',
    method: 'dense',
    engine,
    cost,
    time: timeFacts(chunksMs!, chunksMs!, eager),
    error: null,
    error_of_spread: null,
    other_solver: false,
    without_correction: null,
    distribution_distance: null,
    featured: false,
    best_at: { its_ms: false, its_cost: false },
    along_denoising: [],
    plan: null,
    certificate: null,
    drift: null,
  };
}

/**
 * Whether no observation that plans are measured on was calibrated on: other files, or, where a plan's certificate
 * knows them, other episodes of the same ones.
 */
export function isHeldOut(
  { calibration, observations: { sources, episodes } }: ReportInputs,
  rows: readonly ReportRow[],
): boolean {
  const certificates = rows.flatMap(({ certificate }) => certificate ?? []);
  const known = new Set(
    [...calibration.sources, ...certificates.flatMap((each) => each.sources)].map(
      ({ sha256 }) => sha256,
    ),
  );
  if (sources.every(({ sha256 }) => !known.has(sha256))) return true;
  if (!episodes || certificates.length === 0) return false;
  const calibrated = new Set(certificates.flatMap((each) => each.calibration.episodes));
  return Array.from(episodes).every((episode) => !calibrated.has(episode));
}
