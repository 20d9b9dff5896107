import { type DenoisingProgram, denoisingProgram } from '../../src/caching/denoising_program.js';
import type { PolicyPackage } from '../../src/policy/policy_package.js';
import { planFor } from './plans.js';
import type { Schedules } from './schedules.js';

/** The program of a plan that reuses branches between the steps given for every block. */
export function programFor(policy: PolicyPackage, schedules: Schedules): DenoisingProgram {
  return denoisingProgram(policy.manifest, {
    plan: planFor(policy, schedules),
    constants: new Map(),
  });
}
