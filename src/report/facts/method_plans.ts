import type { CachingMethod, MadePlan } from '../../caching/methods/method.js';
import { METHODS, methodNamed } from '../../caching/methods/methods.js';
import { planName } from '../../caching/plan_name.js';
import { BadInput } from '../../errors.js';
import { sha256 } from '../../files.js';
import { formatPlan } from '../../policy/plan_file.js';
import type { NamedPlan } from './measure_plans.js';
import type { ReportFacts } from './report_facts.js';

/**
 * Budgets at which a method is tried, by the option that sets how much it computes; the first one it has counts. They
 * spread from the cheapest that makes sense to half of the network's evaluations. TeaCache's thresholds are sums of
 * relative changes of the network's output (on policies of 100 steps 0.5 computes about a fifth, 4 a thirtieth).
 */
const BUDGETS: readonly (readonly [option: string, values: readonly number[]])[] = [
  ['steps', [2, 3, 5, 10, 20, 50]],
  ['updates', [5, 10, 20]],
  ['threshold', [0.5, 1, 2, 4]],
  ['interval', [5, 10, 20]],
  ['significance', [0.05]],
];
/** Methods that others are held against are tried at more. */
const MORE_UPDATES: Readonly<Record<string, readonly number[]>> = {
  bac: [3, 5, 10, 20, 40],
  uniform: [2, 3, 5, 10, 20, 40],
};

/** Which methods: `all`, `none`, or names separated by commas. @throws BadInput for a name that is none */
export function chosenMethods(text: string): readonly CachingMethod[] {
  if (text === 'none') return [];
  // Dense is in every report.
  if (text === 'all') return METHODS.filter(({ name }) => name !== 'dense');
  return text.split(',').map((name) => methodNamed(name.trim()));
}

/** The budgets of a method: an option and its values, no more than the policy has steps. */
function budgetsOf(
  { name, options }: CachingMethod,
  steps: number,
): readonly [option: string, values: readonly number[]] {
  const [option, values] = BUDGETS.find(([key]) => key in options.shape) ?? ['', [NaN]];
  if (option !== 'steps' && option !== 'updates') return [option, values];
  return [option, (MORE_UPDATES[name] ?? values).filter((value) => value <= steps)];
}

/** How many plans {@link methodPlans} tries to make. */
export function plansOfMethods(methods: readonly CachingMethod[], steps: number): number {
  return methods.reduce((sum, method) => sum + budgetsOf(method, steps)[1].length, 0);
}

/**
 * Plans of methods, each at several budgets, made side by side.
 * @param steps K of the policy
 * @param make as `bac-policy plan --method` makes them
 * @param onPlan called after each
 * @returns the plans, and the methods that could make none, with the reason
 */
export async function methodPlans(
  methods: readonly CachingMethod[],
  steps: number,
  make: (method: string, options: Readonly<Record<string, unknown>>) => Promise<MadePlan>,
  onPlan: () => void = () => undefined,
): Promise<{ plans: NamedPlan[]; skipped: ReportFacts['skipped'] }> {
  type Made = { readonly plan: NamedPlan } | { readonly skipped: ReportFacts['skipped'][number] };
  const one = async (name: string, option: string, value: number): Promise<Made> => {
    try {
      const { plan, constants } = await make(name, option ? { [option]: value } : {});
      const digest = sha256(Buffer.from(formatPlan(plan)));
      const file = { plan, sha256: digest, constants };
      return { plan: { name: planName(plan), file: null, plan: file } };
    } catch (error) {
      if (!(error instanceof BadInput)) throw error;
      return { skipped: { name: `${name} ${option} ${value}`, why: error.message } };
    } finally {
      onPlan();
    }
  };
  const made = await Promise.all(
    methods.flatMap((method) => {
      const [option, values] = budgetsOf(method, steps);
      return values.map((value) => one(method.name, option, value));
    }),
  );
  return {
    plans: made.flatMap((each) => ('plan' in each ? [each.plan] : [])),
    skipped: made.flatMap((each) => ('skipped' in each ? [each.skipped] : [])),
  };
}
