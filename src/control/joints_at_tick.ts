import type { ObservationLayout } from './observation_layout.js';
import type { ObservationValue } from './observation_value.js';
import type { Observation } from './observation_window.js';
import type { TrajectorySpec } from './joint_trajectory.js';
import { BadInput } from '../errors.js';

/**
 * Where the joints stand that a policy moves: a function from an observation to the positions in the order of
 * the joint names, (A); undefined for one that a policy in absolute mode does not observe.
 * @throws BadInput when a delta policy does not observe the position of one of its joints
 */
export function jointsAtTick(
  { sources }: ObservationLayout,
  { jointNames, mode }: TrajectorySpec,
  where: string,
): (observation: Observation<ObservationValue>) => (number | undefined)[] {
  const places = jointNames.map((joint) => {
    for (const [i, source] of sources.entries()) {
      if (source.type !== 'sensor_msgs/msg/JointState' || source.field !== 'position') continue;
      const at = source.names.indexOf(joint);
      if (at >= 0) return { source: i, at };
    }
    return undefined;
  });
  const unseen = places.indexOf(undefined);
  if (unseen >= 0 && mode === 'delta') {
    throw new BadInput(
      `actions change joint positions, but no JointState source observes that of ${jointNames[unseen]}`,
      where,
      'add such a source: `bac-policy import ... --sources FILE`',
    );
  }
  return ({ samples }) =>
    places.map((place) => place && (samples[place.source]!.value as Float64Array)[place.at]!);
}
