import { affineConstants } from '../caching/affine_constants.js';
import { makePlan } from '../caching/make_plan.js';
import type { MadePlan } from '../caching/methods/method.js';
import type { PolicyPackage } from '../policy/policy_package.js';
import type { Outcome } from './plan_search.js';

/**
 * A plan that evaluates the whole network at some steps, with fitted affine runs between them. Every plan begins
 * with an evaluation at step 0; where the candidate does not, its first run ignores what comes of it, and the
 * compiled graph leaves it out.
 */
export function affinePlan(
  { sha256: policySha256, manifest }: PolicyPackage,
  { evaluations, runs }: Pick<Outcome, 'evaluations' | 'runs'>,
  method = 'search',
): MadePlan {
  const { architecture, noise_scheduler: scheduler } = manifest;
  const target = {
    policySha256,
    layers: architecture.layers,
    steps: scheduler.steps,
    solver: scheduler.kind,
  };
  const updates = [...new Set([0, ...evaluations])];
  const schedules = Array.from({ length: 3 * architecture.layers }, () => updates);
  const plan = makePlan(target, { name: method, updates: evaluations.length }, schedules);
  return {
    plan: { ...plan, correction: { kind: 'affine' } },
    constants: affineConstants(runs(), architecture.causal ? architecture.horizon : undefined),
  };
}
