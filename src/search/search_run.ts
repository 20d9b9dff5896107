import type { Calibration } from '../caching/calibration.js';
import type { MadePlan } from '../caching/methods/method.js';
import { spreadEvenly } from '../caching/denoising_inputs.js';
import { bacPlan } from '../caching/methods/bac.js';
import { updateShare } from '../caching/plan.js';
import type { Trajectories } from '../caching/trajectories.js';
import type { DenoisingStep } from '../policy/noise_schedule.js';
import type { PolicyPackage } from '../policy/policy_package.js';
import { affinePlan } from './affine_plan.js';
import { CandidateFinder, type Found, type SearchControl } from './find_candidates.js';
import { measurePlan, rootMeanSquare } from './measure_plan.js';
import type { PlanSearch } from './plan_search.js';
import type { SearchMemory } from './search_memory.js';

/** Moves of single evaluations that are tried. */
const TRIALS = 60;
/** Numbers of evaluations that are tried in turn for an error that is to be reached. */
const LADDER = [1, 2, 3, 4, 5, 6, 8, 10, 14, 20, 28, 40, 60, 80];
/** Runs that BAC's plan is held against. */
const BAC_RUNS = 24;
/** n of BAC's bubbling union, as in the paper. */
const BUBBLING = 5;

/** What is looked for: the least error with so many evaluations, or the fewest evaluations for an error. */
export type SearchGoal =
  | { readonly kind: 'evaluations'; readonly most: number }
  | { readonly kind: 'error'; readonly most: number };

/** Looks for the best candidate. @returns undefined where no candidate reaches the error */
export async function searchCandidate(
  search: PlanSearch,
  memory: SearchMemory,
  steps: readonly DenoisingStep[],
  goal: SearchGoal,
  { seed, ...control }: SearchControl & { readonly seed: number },
): Promise<Found | undefined> {
  const finder = new CandidateFinder(search, memory, steps, seed, control);
  if (goal.kind === 'evaluations') {
    const first = await finder.first(goal.most);
    const best = await finder.improve(first, TRIALS);
    // More evaluations are not always better where there are few samples to fit on.
    const fewer = goal.most > 1 ? await finder.first(goal.most - 1) : undefined;
    return fewer && fewer.error < best.error ? fewer : best;
  }
  for (const count of LADDER.filter((value) => value <= steps.length)) {
    const first = await finder.first(count);
    if (first.error > 1.3 * goal.most) continue;
    const best = first.error <= goal.most ? first : await finder.improve(first, TRIALS);
    if (best.error <= goal.most) return best;
  }
  return undefined;
}

/**
 * The candidate as a plan; that of BAC where it costs no more and its error, measured on the same runs, is less.
 * @param share of the dense policy's evaluations that BAC may take
 * @param options `most`: multiply-adds that BAC may take, as its compiled graph counts them
 */
export async function noWorseThanBac(
  policy: PolicyPackage,
  calibration: Calibration,
  search: PlanSearch,
  found: Found,
  share: number,
  options: {
    readonly threads: number;
    readonly weights: readonly number[];
    readonly most?: number;
  },
): Promise<MadePlan> {
  const outcome = await search.carryOut(found);
  const made = affinePlan(policy, outcome);
  const trajectories: Trajectories = calibration.trajectories!;
  const fitted = [...search.folds.of.keys()].filter((row) => search.folds.of[row]! >= 0);
  const rows = spreadEvenly(fitted.length, BAC_RUNS).map((i) => fitted[i]!);
  const { most = Infinity } = options;
  for (let allowed = share; ;) {
    const bac = bacWithin(policy, calibration, allowed);
    if (!bac) return made;
    const theirs = await measurePlan(policy, bac, trajectories, rows, options);
    if (theirs.multiplyAdds <= most) {
      return rootMeanSquare(theirs, options.weights) < outcome.error ? bac : made;
    }
    // Late feed-forwards, which cost most, have more updates than other blocks: fewer of all then.
    allowed = Math.min(allowed * (most / theirs.multiplyAdds), updateShare(bac.plan) - 1e-6);
  }
}

/** BAC's plan with S updates and the final one, n = 5 where there are as many blocks. */
export function paperPlan(
  { sha256: policySha256, manifest }: PolicyPackage,
  calibration: Calibration,
  updates: number,
): MadePlan {
  const { steps, kind: solver } = manifest.noise_scheduler;
  const target = { policySha256, layers: manifest.architecture.layers, steps, solver };
  const bubblingBlocks = Math.min(BUBBLING, calibration.blocks.length);
  return { plan: bacPlan(target, calibration, { updates, bubblingBlocks }), constants: new Map() };
}

/** BAC's plan with the most updates whose share of block updates is within `share`. */
function bacWithin(
  policy: PolicyPackage,
  calibration: Calibration,
  share: number,
): MadePlan | undefined {
  const { steps } = policy.manifest.noise_scheduler;
  for (let updates = Math.floor(share * steps + 1e-9); updates >= 2; updates--) {
    const made = paperPlan(policy, calibration, updates);
    if (updateShare(made.plan) <= share + 1e-9) return made;
  }
  return undefined;
}
