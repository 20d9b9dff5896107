import { writeFileSync } from 'node:fs';
import { makePlan } from '../../src/caching/make_plan.js';
import type { Plan } from '../../src/caching/plan.js';
import { formatPlan } from '../../src/policy/plan_file.js';
import type { PolicyPackage } from '../../src/policy/policy_package.js';
import type { Schedules } from './schedules.js';

/** A plan for a policy out of schedules made by hand. */
export function planFor(policy: PolicyPackage, schedules: Schedules, name = 'test'): Plan {
  const { architecture, noise_scheduler: scheduler } = policy.manifest;
  const target = {
    policySha256: policy.sha256,
    layers: architecture.layers,
    steps: scheduler.steps,
    solver: scheduler.kind,
  };
  return makePlan(target, { name }, schedules);
}

/** Writes such a plan. @returns its path */
export function writePlanFor(policy: PolicyPackage, schedules: Schedules, path: string): string {
  writeFileSync(path, formatPlan(planFor(policy, schedules)));
  return path;
}
