import { defaultMaxAgeNs } from '../control/observation_window.js';
import { type DescribedJoints, withDescribed } from '../control/motion/urdf_limits.js';
import type { LoopSettings } from '../control/loop_interfaces.js';
import type { NodeParameters } from '../parameters/node_parameters.js';
import type { PolicyManifest } from '../policy/manifest.js';

/** Control rate, Hz: the parameter's, else the policy's; one of them is there once the node is configured. */
export function rateOf({ rateHz }: NodeParameters, { action }: PolicyManifest): number {
  return rateHz || action.rate_hz!;
}

/** Where it is left to the node, control periods: far less jerk than 0, and no less success (docs/ros.md). */
const SMOOTHING = 0.6;

function smoothingOf({ smoothing, join }: NodeParameters): number {
  if (smoothing >= 0) return smoothing;
  return join === 'replace' ? 0 : SMOOTHING;
}

/** What a loop has to know beside parameters and policy. */
export interface Surroundings {
  /** Of the noise, where the parameters leave it to chance. */
  readonly seed: number;
  readonly simTime: boolean;
  /** Limits of the robot description. */
  readonly described: DescribedJoints;
}

/**
 * What the parameters mean for a policy.
 */
export function loopSettings(
  parameters: NodeParameters,
  manifest: PolicyManifest,
  { seed, simTime, described }: Surroundings,
): LoopSettings {
  const sources = manifest.observation_sources ?? [];
  const defaultAgeNs = parameters.maxAgeMs
    ? fromMs(parameters.maxAgeMs)
    : defaultMaxAgeNs(rateOf(parameters, manifest));
  return {
    actionSteps: parameters.actionHorizon || manifest.architecture.n_action_steps,
    maxAgesNs: sources.map(({ name }) => {
      const own = parameters.sources[name]!.maxAgeMs;
      return own ? fromMs(own) : defaultAgeNs;
    }),
    waitNs: parameters.observationWaitMs < 0 ? undefined : fromMs(parameters.observationWaitMs),
    seed: parameters.seed < 0 ? seed : parameters.seed,
    simTime,
    latencyBudgetMs: parameters.latencyBudgetMs,
    shadow: parameters.shadow,
    trajectoryStamp: parameters.trajectoryStamp,
    asynchronous: parameters.asynchronous,
    join: parameters.join,
    smoothingS: smoothingOf(parameters) / rateOf(parameters, manifest),
    discreteJoints: parameters.discreteJoints,
    outputStepS: parameters.trajectoryRateHz && 1 / parameters.trajectoryRateHz,
    leadNs: fromMs(parameters.leadMs),
    stopS: parameters.stopMs / 1e3,
    onLimit: parameters.onLimit,
    limits: parameters.limits.robotDescription
      ? withDescribed(parameters.limits, manifest.action.joint_names!, described)
      : parameters.limits,
    manualRecovery: parameters.manualRecovery,
    limitStormChunks: parameters.limitStormChunks,
  };
}

function fromMs(ms: number): bigint {
  return BigInt(Math.round(ms * 1e6));
}
