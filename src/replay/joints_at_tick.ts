import type { ObservationLayout } from '../control/observation_layout.js';
import type { ObservationValue } from '../control/observation_value.js';
import type { Observation } from '../control/observation_window.js';
import type { TrajectorySpec } from '../control/joint_trajectory.js';
import { BadInput } from '../errors.js';

/**
 * Where the joints stand that a policy in delta mode moves: a function from an observation to the positions in
 * the order of the joint names, (A); for a policy in absolute mode it gives undefined.
 * @throws BadInput when a delta policy does not observe the position of one of its joints
 */
export function jointsAtTick(
  { sources }: ObservationLayout,
  { jointNames, mode }: TrajectorySpec,
  where: string,
): (observation: Observation<ObservationValue>) => number[] | undefined {
  if (mode === 'absolute') return () => undefined;
  const places = jointNames.map((joint) => {
    for (const [i, source] of sources.entries()) {
      if (source.type !== 'sensor_msgs/msg/JointState' || source.field !== 'position') continue;
      const at = source.names.indexOf(joint);
      if (at >= 0) return { source: i, at };
    }
    throw new BadInput(
      `actions change joint positions, but no JointState source observes that of ${joint}`,
      where,
      'add such a source: `bac-policy import ... --sources FILE`',
    );
  });
  return ({ samples }) =>
    places.map(({ source, at }) => (samples[source]!.value as Float64Array)[at]!);
}
