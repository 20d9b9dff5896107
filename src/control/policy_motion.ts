import { jointsAtTick } from './joints_at_tick.js';
import { trajectorySpec, type TrajectorySpec } from './joint_trajectory.js';
import type { LoopPolicy } from './loop_interfaces.js';

/** How a policy's actions become a motion. */
export interface PolicyMotion {
  readonly spec: TrajectorySpec;
  /** Where the joints are seen that it moves, see {@link jointsAtTick}. */
  readonly jointsAt: ReturnType<typeof jointsAtTick>;
}

/**
 * How a policy's actions become a motion, at the control rate it runs at, whatever the package says.
 * @throws BadInput naming what the package does not say about its actions, or does not observe for them
 */
export function policyMotion({ manifest, layout, where, rateHz }: LoopPolicy): PolicyMotion {
  const spec = trajectorySpec({ ...manifest.action, rate_hz: rateHz }, where);
  return { spec, jointsAt: jointsAtTick(layout, spec, where) };
}
