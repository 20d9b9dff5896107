import type { MadePlan } from '../caching/methods/method.js';
import type { PolicyPackage } from '../policy/policy_package.js';
import { MethodPlanner, type MethodPlannerOptions } from './method_planner.js';
import { type Progress, progressBar } from './terminal.js';

/** What the plan of a published method is made from. */
export interface MethodPlanOptions extends Omit<MethodPlannerOptions, 'onStep'> {
  /** The plan to build upon. */
  readonly base?: MadePlan;
  /** The method's own, unchecked. */
  readonly options: Readonly<Record<string, unknown>>;
}

/**
 * Makes one plan of a published method, see {@link MethodPlanner}.
 * @throws BadInput when the method does not exist, or lacks something
 */
export async function methodPlan(
  policy: PolicyPackage,
  name: string,
  { base, options, ...from }: MethodPlanOptions,
): Promise<MadePlan> {
  let bar: Progress | undefined;
  const planner = new MethodPlanner(policy, {
    ...from,
    onStep: (samples, run) => {
      bar ??= progressBar('denoising steps', run);
      bar.advance(samples);
    },
  });
  try {
    return await planner.make(name, options, base);
  } finally {
    bar?.stop();
    await planner.close();
  }
}
