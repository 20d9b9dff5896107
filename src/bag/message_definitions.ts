import { parse } from '@foxglove/rosmsg';
import type { MessageDefinition } from './message_schema.js';

/** Fields of the messages this project writes into bags and of all they consist of (ROS 2 Jazzy). */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  'builtin_interfaces/Time': ['int32 sec', 'uint32 nanosec'],
  'builtin_interfaces/Duration': ['int32 sec', 'uint32 nanosec'],
  'std_msgs/Header': ['builtin_interfaces/Time stamp', 'string frame_id'],
  'trajectory_msgs/JointTrajectoryPoint': [
    'float64[] positions',
    'float64[] velocities',
    'float64[] accelerations',
    'float64[] effort',
    'builtin_interfaces/Duration time_from_start',
  ],
  'trajectory_msgs/JointTrajectory': [
    'std_msgs/Header header',
    'string[] joint_names',
    'trajectory_msgs/JointTrajectoryPoint[] points',
  ],
  // As in msg/ActionChunk.msg, which a test holds beside it.
  'bac_policy/ActionChunk': [
    'std_msgs/Header header',
    'uint64 chunk_id',
    'builtin_interfaces/Time[] observation_stamps',
    'string policy_sha256',
    'string plan_sha256',
    'builtin_interfaces/Duration inference_latency',
    'float64 rate_hz',
    'uint32 n_actions',
    'uint32 action_dim',
    'float64[] actions',
  ],
};

/** Between the definitions of a `ros2msg` schema, see the MCAP specification's registry. */
const SEPARATOR = '='.repeat(80);

/**
 * The `ros2msg` schema of a message with all types it depends on.
 * @param type `package/msg/Name`, one of those this project writes
 */
export function messageDefinitionText(type: string): string {
  const root = type.replace('/msg/', '/');
  const needed = [...dependencies(root)].filter((name) => name !== root);
  return [
    fieldsOf(root).join('\n'),
    ...needed.map((name) => [SEPARATOR, `MSG: ${name}`, ...fieldsOf(name)].join('\n')),
  ].join('\n');
}

/** The parsed form of {@link messageDefinitionText}. */
export function messageDefinitions(type: string): MessageDefinition[] {
  return parse(messageDefinitionText(type), { ros2: true });
}

function fieldsOf(name: string): readonly string[] {
  const fields = FIELDS[name];
  if (!fields) throw new Error(`no definition of ${name} is known`);
  return fields;
}

function dependencies(name: string, found = new Set<string>()): Set<string> {
  found.add(name);
  for (const field of fieldsOf(name)) {
    const type = field.split(' ')[0]!.replace('[]', '');
    if (type.includes('/') && !found.has(type)) dependencies(type, found);
  }
  return found;
}
