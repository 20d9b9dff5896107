import type { CachingMethod, MadePlan } from '../../caching/methods/method.js';
import { METHODS, methodNamed } from '../../caching/methods/methods.js';
import { planName } from '../../caching/plan_name.js';
import { BadInput } from '../../errors.js';
import { sha256 } from '../../files.js';
import { formatPlan } from '../../policy/plan_file.js';
import type { NamedPlan } from './measure_plans.js';
import type { ReportFacts } from './report_facts.js';

/** Budgets at which a method is tried, by the option that sets how much it computes; the first one it has counts. */
const BUDGETS: readonly (readonly [option: string, values: readonly number[]])[] = [
  ['steps', [3, 5, 10, 20]],
  ['updates', [5, 10, 20]],
  ['threshold', [0.05, 0.1, 0.2, 0.4]],
  ['interval', [5, 10, 20]],
  ['significance', [0.05]],
];

/** Which methods: `all`, `none`, or names separated by commas. @throws BadInput for a name that is none */
export function chosenMethods(text: string): readonly CachingMethod[] {
  if (text === 'none') return [];
  // Dense is in every report.
  if (text === 'all') return METHODS.filter(({ name }) => name !== 'dense');
  return text.split(',').map((name) => methodNamed(name.trim()));
}

/**
 * Plans of methods, each at several budgets.
 * @param make as `bac-policy plan --method` makes them
 * @returns the plans, and the methods that could make none, with the reason
 */
export async function methodPlans(
  methods: readonly CachingMethod[],
  make: (method: string, options: Readonly<Record<string, unknown>>) => Promise<MadePlan>,
): Promise<{ plans: NamedPlan[]; skipped: ReportFacts['skipped'] }> {
  const plans: NamedPlan[] = [];
  const skipped: { name: string; why: string }[] = [];
  for (const method of methods) {
    const [option, values] = BUDGETS.find(([key]) => key in method.options.shape) ?? ['', [NaN]];
    for (const value of values) {
      try {
        const { plan, constants } = await make(method.name, option ? { [option]: value } : {});
        const digest = sha256(Buffer.from(formatPlan(plan)));
        const name = planName(plan);
        plans.push({ name, file: null, plan: { plan, sha256: digest, constants } });
      } catch (error) {
        if (!(error instanceof BadInput)) throw error;
        skipped.push({ name: `${method.name} ${option} ${value}`, why: error.message });
      }
    }
  }
  return { plans, skipped };
}
