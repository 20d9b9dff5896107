import {
  type DenoisingInputs,
  selectSamples,
  spreadEvenly,
} from '../../caching/denoising_inputs.js';
import type { EpisodeThumbnails } from '../../control/picture_reference.js';
import type { Interpreter } from '../../inference/interpreter.js';
import type { PolicyPackage } from '../../policy/policy_package.js';
import { driftFacts } from './drift_facts.js';
import { judgePlans } from './judge_plans.js';
import { chunksToMeasure, measurePlans, type NamedPlan } from './measure_plans.js';
import type { ElsewhereFacts, SourceFacts } from './report_facts.js';
import { withTwoNoises } from './two_noises.js';

/** Observations unlike those of the calibration: shifted start poses, another range of objects, a moved camera. */
export interface NamedObservations {
  readonly name: string;
  readonly inputs: DenoisingInputs;
  readonly available: number;
  readonly sources: readonly SourceFacts[];
  /** (N) in the order they were recorded. */
  readonly episodes: ArrayLike<number>;
  readonly pictures?: ReadonlyMap<string, EpisodeThumbnails>;
}

/** How that is measured. */
export interface ElsewhereOptions {
  /** That each plan makes, two for each observation. */
  readonly chunks: number;
  readonly threads: number;
  readonly seed: number;
  readonly onChunk: () => void;
}

/** How many chunks {@link measureElsewhere} makes. */
export function chunksElsewhere(
  sets: readonly NamedObservations[],
  plans: readonly NamedPlan[],
  chunks: number,
): number {
  return sets.reduce((sum, { inputs }) => {
    const made = 2 * Math.min(inputs.samples, Math.floor(chunks / 2));
    return sum + chunksToMeasure(plans, made);
  }, 0);
}

/**
 * What plans do where nothing was calibrated: their errors against dense, with and without their correction, on
 * some observations, and what their drift monitors say to all of them.
 */
export async function measureElsewhere(
  policy: PolicyPackage,
  plans: readonly NamedPlan[],
  { name, inputs, available, sources, episodes, pictures }: NamedObservations,
  interpreter: () => Promise<Interpreter>,
  { chunks, threads, seed, onChunk }: ElsewhereOptions,
): Promise<ElsewhereFacts> {
  const { manifest } = policy;
  const seen = { ...inputs, episodes, ...(pictures && { pictures }) };
  const chosen = spreadEvenly(inputs.samples, Math.floor(chunks / 2));
  const some = selectSamples(inputs, chosen, manifest.noise_scheduler.steps);
  const both = withTwoNoises(some, manifest, seed + 1);
  const measured = await measurePlans(policy, plans, both, interpreter, {
    ...{ threads, onChunk },
    chunks: both.samples,
  });
  const judged = judgePlans(
    manifest,
    plans,
    measured,
    chosen.map((i) => episodes[i]!),
    { eager: null, seed },
  );
  return {
    name,
    count: chosen.length,
    available,
    sources,
    noise_spread: judged.noiseSpread.difference,
    rows: judged.rows.map(({ name: plan, error, without_correction }, i) => ({
      name: plan,
      error: error!.rms,
      without_correction,
      drift: driftFacts(plans[i]!.plan.constants, seen, plan),
    })),
  };
}
