import type { LoopPolicy } from '../control/loop_interfaces.js';
import { observationLayout } from '../control/observation_layout.js';
import type { LoadedPolicy } from '../inference/worker/loaded_policy.js';
import type { NodeParameters } from '../parameters/node_parameters.js';
import { rateOf } from './loop_settings.js';

/**
 * A loaded policy as the loop takes it.
 * @param where the policy package, for error messages
 */
export function loopPolicy(
  loaded: LoadedPolicy,
  where: string,
  parameters: NodeParameters,
): LoopPolicy {
  const { manifest, policySha256, planSha256 } = loaded;
  return {
    manifest,
    layout: observationLayout(manifest, where),
    rateHz: rateOf(parameters, manifest),
    policySha256,
    planSha256,
    where,
  };
}
