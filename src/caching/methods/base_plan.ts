import { BadInput } from '../../errors.js';
import type { Plan } from '../plan.js';
import { atMostSteps, targetOf } from './context.js';
import type { MadePlan, MethodContext } from './method.js';
import { uniformPlan } from './uniform.js';

/** Updates of a plan to build upon, where none is given. */
const DEFAULT_UPDATES = 10;

/**
 * The plan that a method changes: the one given, or evenly spread updates. Its `method` then says both.
 * @param updates S of evenly spread updates; not together with a plan given
 * @throws BadInput for both, or for more updates than steps
 */
export function basePlan(
  context: MethodContext,
  name: string,
  updates: number | undefined,
  details: Readonly<Record<string, unknown>> = {},
): MadePlan {
  if (context.base) {
    if (updates !== undefined) {
      throw new BadInput(
        'is what the plan to build upon says already',
        '--updates',
        'leave it out',
      );
    }
    const { plan, constants } = context.base;
    const before = Array.isArray(plan.method['then']) ? (plan.method['then'] as unknown[]) : [];
    const method = { ...plan.method, ...details, then: [...before, name] };
    const changed: Plan = { ...plan, method };
    // Whoever writes the plan notes the digest of its constants anew.
    delete changed.constants;
    return { plan: changed, constants };
  }
  const target = targetOf(context);
  const count = updates ?? Math.min(DEFAULT_UPDATES, target.steps);
  const plan = uniformPlan(target, { updates: atMostSteps(count, target.steps, '--updates') });
  return {
    plan: { ...plan, method: { name, updates: count, ...details } },
    constants: new Map(),
  };
}
