import { certificateOf } from '../../caching/certificate.js';
import { readDriftReference } from '../../control/drift_constants.js';
import type { PolicyManifest } from '../../policy/manifest.js';
import type { PlanFile } from '../../policy/plan_file.js';
import type { LoadedPolicy } from './loaded_policy.js';

/**
 * What a plan says about the observations it is for and the errors it makes, to be held against what happens.
 * @param where the plan, for error messages
 * @throws BadInput when its certificate or its drift reference is damaged
 */
export function planPromises(
  { plan, constants }: Pick<PlanFile, 'plan' | 'constants'>,
  { architecture: a }: PolicyManifest,
  where: string,
): Pick<LoadedPolicy, 'drift' | 'certifiedError'> {
  const certificate = certificateOf(plan, where);
  const error = (certificate?.held_out ?? certificate?.calibration)?.error;
  const drift = readDriftReference(constants, a.n_obs_steps * a.condition_dim, where);
  return { ...(drift && { drift }), ...(error && { certifiedError: error.per_sample.p99.value }) };
}
