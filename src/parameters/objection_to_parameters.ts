import type { NodeParameters } from './node_parameters.js';

/** What parameters have to fit in a policy. */
export interface PolicyFacts {
  /** Joints that its actions move. */
  readonly joints: number;
  /** Actions of a chunk that may be executed. */
  readonly actionSteps: number;
  /** Control rate the package names, Hz. */
  readonly rateHz?: number | undefined;
}

/** A control period is then well below what times in ROS messages can hold. */
const LEAST_RATE_HZ = 0.01;

/** Topic names as ROS takes them: relative, absolute or private (`~/`), parts of letters, digits and underscores. */
const TOPIC = /^(~\/|\/)?[A-Za-z_][A-Za-z0-9_]*(\/[A-Za-z_][A-Za-z0-9_]*)*$/;

/**
 * Why parameters, each of which keeps its own declaration, do not fit together or do not fit the policy;
 * undefined where they do. One line that begins with a parameter's name.
 */
export function objectionToParameters(
  next: NodeParameters,
  policy?: PolicyFacts,
): string | undefined {
  return (
    objectionToLimits(next, policy?.joints) ??
    objectionToTopics(next) ??
    (policy && objectionToPolicyFit(next, policy))
  );
}

function objectionToLimits({ limits }: NodeParameters, joints?: number): string | undefined {
  const given = [
    { name: 'limits.position_min', values: limits.positionMin },
    { name: 'limits.position_max', values: limits.positionMax },
    { name: 'limits.velocity', values: limits.velocity },
    { name: 'limits.acceleration', values: limits.acceleration },
    { name: 'limits.jerk', values: limits.jerk },
  ].filter(({ values }) => values.length > 0);
  for (const { name, values } of given) {
    if (joints !== undefined && values.length !== joints) {
      return `${name} must hold one value for each of the policy's ${joints} joints, not ${values.length}`;
    }
    const first = given[0]!;
    if (values.length !== first.values.length) {
      return `${name} must be as long as ${first.name} (${first.values.length}), not ${values.length}`;
    }
  }
  const { positionMin, positionMax } = limits;
  if (positionMin.length === 0 || positionMax.length === 0) return undefined;
  const i = positionMin.findIndex((lowest, joint) => lowest >= positionMax[joint]!);
  return i < 0
    ? undefined
    : `limits.position_min[${i}] must be below limits.position_max[${i}] (${positionMax[i]}), not ${positionMin[i]}`;
}

function objectionToTopics({ sources }: NodeParameters): string | undefined {
  const wrong = Object.entries(sources).find(([, { topic }]) => topic !== '' && !TOPIC.test(topic));
  return wrong && `sources.${wrong[0]}.topic must be a topic name such as camera/image_raw`;
}

function objectionToPolicyFit(next: NodeParameters, policy: PolicyFacts): string | undefined {
  const { actionHorizon, rateHz } = next;
  if (actionHorizon > policy.actionSteps) {
    return `action_horizon must be at most ${policy.actionSteps}, the actions the policy predicts for execution, not ${actionHorizon}`;
  }
  if (rateHz > 0 && rateHz < LEAST_RATE_HZ) {
    return `rate_hz must be 0 or at least ${LEAST_RATE_HZ}, not ${rateHz}`;
  }
  if (rateHz === 0 && policy.rateHz === undefined) {
    return 'rate_hz must be set, as the policy package names no control rate';
  }
  return undefined;
}
