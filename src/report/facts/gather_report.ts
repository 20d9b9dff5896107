import type { Calibration } from '../../caching/calibration.js';
import type { DenoisingInputs } from '../../caching/denoising_inputs.js';
import { type Interpreter, openInterpreter } from '../../inference/interpreter.js';
import { thisMachine } from '../../inference/this_machine.js';
import type { PolicyPackage } from '../../policy/policy_package.js';
import { budgetPicks } from './budget_picks.js';
import { CONTROL_ROW } from './control_plan.js';
import { driftFacts, type ObservedConditions } from './drift_facts.js';
import { followPlans } from './follow_plans.js';
import { judgePlans } from './judge_plans.js';
import { chunksElsewhere, measureElsewhere, type NamedObservations } from './measure_elsewhere.js';
import { chunksToMeasure, measurePlans, type NamedPlan } from './measure_plans.js';
import { overlayFacts } from './overlay_facts.js';
import {
  REPORT_FORMAT,
  type ReportFacts,
  type ReportRow,
  type SourceFacts,
} from './report_facts.js';
import { denseRow, isHeldOut, policyFacts } from './report_parts.js';
import { searchCurve } from './search_curve.js';
import { similarityFacts } from './similarity_facts.js';
import { withTwoNoises } from './two_noises.js';

/** What a report is made from. */
export interface ReportInputs {
  readonly policy: PolicyPackage;
  /** The control among them, where there is one. */
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
    /** All that there are of this kind, for the drift monitors; absent = those above. */
    readonly seen?: ObservedConditions;
  };
  /** Observations that are unlike those of the calibration. */
  readonly elsewhere: readonly NamedObservations[];
  readonly eager: ReportFacts['eager'];
  readonly skipped: ReportFacts['skipped'];
  readonly command: string;
  readonly threads: number;
  readonly seed: number;
  /** Chunks that each plan makes; at least two for each observation are made. */
  readonly chunks: number;
  /** Called once with how many chunks will be made at most, ... */
  readonly onBegin?: (chunks: number) => void;
  /** ... and once for every chunk of every plan and of dense. */
  readonly onChunk?: () => void;
}

/** Plans that get curves of their own; more cannot be told apart. */
const MOST_FEATURED = 7;
/** Plans in the overlays of chunks. */
const MOST_OVERLAID = 3;

/** Measures all plans and collects what a report says about them. */
export async function gatherReport(given: ReportInputs): Promise<ReportFacts> {
  const { policy, plans, observations, calibration, seed, threads } = given;
  const { manifest } = policy;
  const { inputs } = observations;
  const { samples } = inputs;
  const onChunk = given.onChunk ?? (() => undefined);
  const both = withTwoNoises(inputs, manifest, seed + 1);
  const chunks = Math.max(given.chunks, both.samples);
  // Elsewhere only featured plans are measured, and as many chunks as there are observations for.
  const most = plans.slice(0, MOST_FEATURED + 1);
  given.onBegin?.(
    chunksToMeasure(plans, chunks) + chunksElsewhere(given.elsewhere, most, given.chunks),
  );
  let opened: Promise<Interpreter> | undefined;
  const interpreter = (): Promise<Interpreter> => (opened ??= openInterpreter(policy, { threads }));
  try {
    const options = { threads, chunks, onChunk };
    const measured = await measurePlans(policy, plans, both, interpreter, options);
    const episodes = Array.from(observations.episodes ?? { length: samples }, (id, i) => id ?? i);
    const judged = judgePlans(manifest, plans, measured, episodes, given);
    // Not by time, so that the same plans are shown when the report is made again.
    const picks = budgetPicks(
      { rows: judged.rows, noise_spread: judged.noiseSpread },
      ({ cost }) => cost,
    );
    const featured = featuredRows(judged.rows, picks);
    const shown = plans.filter((_, i) => featured.has(judged.rows[i]!));
    const followed = await followPlans(policy, shown, inputs, await interpreter());
    const seen = observations.seen ?? { condition: inputs.condition, episodes };
    const rows = judged.rows.map((row, i): ReportRow => ({
      ...row,
      drift: driftFacts(plans[i]!.plan.constants, seen, row.name),
      featured: featured.has(row),
      along_denoising: [],
      ...followed.get(row.name),
    }));
    const overlaid = [...(picks.length > 0 ? picks.map(({ row }) => row) : featured)]
      .slice(0, MOST_OVERLAID)
      .map(({ name }) => ({
        name,
        actions: measured.plans[plans.findIndex((plan) => plan.name === name)]!.actions,
      }));
    const control = plans.find(({ name }) => name === CONTROL_ROW);
    const elsewhere = [];
    for (const set of given.elsewhere) {
      const which = [...shown, ...(control ? [control] : [])];
      const how = { ...{ threads, seed, onChunk }, chunks: given.chunks };
      elsewhere.push(await measureElsewhere(policy, which, set, interpreter, how));
    }
    const { dense } = measured;
    return {
      format: REPORT_FORMAT,
      policy: policyFacts(policy, judged.joints),
      observations: {
        count: samples,
        available: observations.available,
        episodes: observations.episodes ? new Set(episodes).size : null,
        held_out: isHeldOut(given, rows),
        sources: observations.sources,
      },
      calibration: {
        file: calibration.file,
        sha256: calibration.sha256,
        samples: calibration.samples,
        sources: calibration.sources,
      },
      noise_spread: judged.noiseSpread,
      noise_error: judged.noiseError,
      control: control?.name ?? null,
      search_curve: searchCurve(rows),
      eager: given.eager,
      rows: [denseRow(dense, given), ...rows],
      overlays: overlayFacts(dense.actions, overlaid, samples, manifest.architecture.action_dim),
      elsewhere,
      similarity: similarityFacts(calibration),
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

/** Plans that were given as files and the picks; where there are none, those that nothing beats at their cost. */
function featuredRows<Row extends Pick<ReportRow, 'name' | 'plan' | 'best_at'>>(
  all: readonly Row[],
  picks: readonly { readonly row: Row }[],
): ReadonlySet<Row> {
  const rows = all.filter(({ name }) => name !== CONTROL_ROW);
  const files = rows.filter(({ plan }) => plan?.file);
  const chosen = [...picks.map(({ row }) => row), ...files];
  const wanted = chosen.length > 0 ? chosen : rows.filter((row) => row.best_at.its_cost);
  const few = new Set([...new Set(wanted)].slice(0, MOST_FEATURED));
  return new Set(rows.filter((row) => few.has(row)));
}
