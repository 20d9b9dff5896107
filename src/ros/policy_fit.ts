import { policyMotion } from '../control/policy_motion.js';
import { BadInput } from '../errors.js';
import type { LoadedPolicy } from '../inference/worker/loaded_policy.js';
import type { NodeParameters } from '../parameters/node_parameters.js';
import { objectionToParameters, type PolicyFacts } from '../parameters/objection_to_parameters.js';
import { loopPolicy } from './loop_policy.js';

/** What of a policy parameters have to fit. */
export function factsOf({ manifest }: LoadedPolicy): PolicyFacts {
  return {
    joints: manifest.architecture.action_dim,
    actionSteps: manifest.architecture.n_action_steps,
    rateHz: manifest.action.rate_hz,
  };
}

/** @throws BadInput when a policy cannot be run, or not with these parameters */
export function refuseMisfit(loaded: LoadedPolicy, values: NodeParameters): void {
  const objection = objectionToParameters(values, factsOf(loaded));
  if (objection !== undefined) {
    throw new BadInput(objection, 'the parameters', 'correct it and try again');
  }
  policyMotion(loopPolicy(loaded, values.policy, values));
}

/** Limits are given by place. @throws BadInput when they are given and another policy's joints are others */
export function refuseOtherJoints(
  { manifest: before }: LoadedPolicy,
  { manifest: next }: LoadedPolicy,
  { limits }: NodeParameters,
): void {
  const [now, then] = [before, next].map(({ action }) => action.joint_names?.join(', '));
  const given = Object.values(limits).some((values) => Array.isArray(values) && values.length > 0);
  if (now === then || !given) return;
  throw new BadInput(
    `are for the joints ${now}, the policy to load moves ${then}`,
    'parameters limits.*',
    'clean up, set them for that policy and configure',
  );
}
