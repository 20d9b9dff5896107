import { InvalidArgumentError } from 'commander';
import type { Calibration } from '../caching/calibration.js';
import type { MadePlan } from '../caching/methods/method.js';
import { BadInput } from '../errors.js';
import type { PolicyPackage } from '../policy/policy_package.js';
import { affinePlan } from '../search/affine_plan.js';
import { PlanCost } from '../search/plan_cost.js';
import { PlanSearch } from '../search/plan_search.js';
import { progressBar } from './terminal.js';

/** What a searched plan may cost, or must reach. */
export interface SearchOptions {
  /** Share of the dense policy's multiply-adds. */
  readonly budgetCost?: number;
  readonly threads: number;
}

/** Parser of an option that takes a number above 0. */
export function positiveNumber(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError('It must be a number above 0.');
}

/** `bac-policy plan --method search`. */
export async function searchedPlan(
  policy: PolicyPackage,
  calibration: Calibration,
  where: string,
  { budgetCost = 0.05, threads }: SearchOptions,
): Promise<MadePlan> {
  const { trajectories } = calibration;
  if (!trajectories) {
    throw new BadInput(
      'holds no dense runs, which search needs',
      where,
      'make the calibration again with bac-policy calibrate',
    );
  }
  const most = new PlanCost(policy).mostEvaluations(budgetCost);
  if (most === 0) {
    throw new BadInput(
      `${budgetCost} is less than one evaluation of the network`,
      '--budget-cost',
      'allow more',
    );
  }
  const weights = Array<number>(policy.manifest.architecture.action_dim).fill(1);
  const search = await PlanSearch.open(policy, trajectories, { weights, threads });
  const bar = progressBar('steps', 100);
  try {
    const paths = await search.trellis(most, () => {
      bar.advance();
      return true;
    });
    const best = paths.reduce((a, b) => (b.deviation < a.deviation ? b : a));
    return affinePlan(policy, await search.carryOut(best.evaluations));
  } finally {
    bar.stop();
    await search.close();
  }
}
