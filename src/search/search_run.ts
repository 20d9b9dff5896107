import type { Calibration } from '../caching/calibration.js';
import type { MadePlan } from '../caching/methods/method.js';
import { spreadEvenly } from '../caching/denoising_inputs.js';
import { bacPlan } from '../caching/methods/bac.js';
import { updateShare } from '../caching/plan.js';
import type { Trajectories } from '../caching/trajectories.js';
import type { PolicyPackage } from '../policy/policy_package.js';
import { affinePlan } from './affine_plan.js';
import { CandidateFinder, type Found, type SearchControl } from './find_candidates.js';
import { measurePlan, rootMeanSquare } from './measure_plan.js';
import type { PlanSearch } from './plan_search.js';
import type { SearchMemory } from './search_memory.js';

/** Moves of single evaluations that are tried. */
const TRIALS = 24;
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
  steps: number,
  goal: SearchGoal,
  { seed, ...control }: SearchControl & { readonly seed: number },
): Promise<Found | undefined> {
  const finder = new CandidateFinder(search, memory, steps, seed, control);
  if (goal.kind === 'evaluations') {
    const first = (await finder.first(goal.most))!;
    const best = await finder.improve(first, TRIALS);
    // More evaluations are not always better where there are few samples to fit on.
    const fewer = goal.most > 1 ? await finder.first(goal.most - 1) : undefined;
    return fewer && fewer.error < best.error ? fewer : best;
  }
  for (const count of LADDER.filter((value) => value <= steps)) {
    const first = (await finder.first(count))!;
    if (first.error > 1.3 * goal.most) continue;
    const best = first.error <= goal.most ? first : await finder.improve(first, TRIALS);
    if (best.error <= goal.most) return best;
  }
  return undefined;
}

/**
 * The candidate as a plan; that of BAC where it costs no more and its error, measured on the same runs, is less.
 * @param share of the dense policy's evaluations that BAC may take
 */
export async function noWorseThanBac(
  policy: PolicyPackage,
  calibration: Calibration,
  search: PlanSearch,
  found: Found,
  share: number,
  options: { readonly threads: number },
): Promise<MadePlan> {
  const made = affinePlan(policy, await search.carryOut(found));
  const bac = bacWithin(policy, calibration, share);
  if (!bac) return made;
  const trajectories: Trajectories = calibration.trajectories!;
  const fitted = [...search.folds.of.keys()].filter((row) => search.folds.of[row]! >= 0);
  const rows = spreadEvenly(fitted.length, BAC_RUNS).map((i) => fitted[i]!);
  const theirs = await measurePlan(policy, bac, trajectories, rows, options);
  return rootMeanSquare(theirs) < found.error ? bac : made;
}

/** BAC's plan with the most updates whose share of block updates is within `share`. */
function bacWithin(
  { sha256: policySha256, manifest }: PolicyPackage,
  calibration: Calibration,
  share: number,
): MadePlan | undefined {
  const { steps, kind: solver } = manifest.noise_scheduler;
  const target = { policySha256, layers: manifest.architecture.layers, steps, solver };
  const bubblingBlocks = Math.min(BUBBLING, calibration.blocks.length);
  for (let updates = Math.floor(share * steps); updates >= 2; updates--) {
    const plan = bacPlan(target, calibration, { updates, bubblingBlocks });
    if (updateShare(plan) <= share) return { plan, constants: new Map() };
  }
  return undefined;
}
