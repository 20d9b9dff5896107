import { parse } from '@foxglove/rosmsg';
import { FAULT_STATUS } from '../control/fault_status.js';
import type { MessageDefinition } from './message_schema.js';

/**
 * Fields of the messages this project writes into bags, sends or takes from topics, and of all they consist of (ROS 2
 * Jazzy). A test holds them beside those of an installed ROS 2.
 */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  'builtin_interfaces/Time': ['int32 sec', 'uint32 nanosec'],
  'builtin_interfaces/Duration': ['int32 sec', 'uint32 nanosec'],
  'std_msgs/Header': ['builtin_interfaces/Time stamp', 'string frame_id'],
  'std_msgs/MultiArrayDimension': ['string label', 'uint32 size', 'uint32 stride'],
  'std_msgs/MultiArrayLayout': ['std_msgs/MultiArrayDimension[] dim', 'uint32 data_offset'],
  'std_msgs/Float64MultiArray': ['std_msgs/MultiArrayLayout layout', 'float64[] data'],
  'geometry_msgs/Point': ['float64 x', 'float64 y', 'float64 z'],
  'geometry_msgs/Quaternion': ['float64 x 0', 'float64 y 0', 'float64 z 0', 'float64 w 1'],
  'geometry_msgs/Pose': ['geometry_msgs/Point position', 'geometry_msgs/Quaternion orientation'],
  'geometry_msgs/PoseStamped': ['std_msgs/Header header', 'geometry_msgs/Pose pose'],
  'sensor_msgs/JointState': [
    'std_msgs/Header header',
    'string[] name',
    'float64[] position',
    'float64[] velocity',
    'float64[] effort',
  ],
  'sensor_msgs/Image': [
    'std_msgs/Header header',
    'uint32 height',
    'uint32 width',
    'string encoding',
    'uint8 is_bigendian',
    'uint32 step',
    'uint8[] data',
  ],
  'sensor_msgs/CompressedImage': ['std_msgs/Header header', 'string format', 'uint8[] data'],
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
  'diagnostic_msgs/KeyValue': ['string key', 'string value'],
  'diagnostic_msgs/DiagnosticStatus': [
    ...['OK', 'WARN', 'ERROR', 'STALE'].map((name, level) => `byte ${name}=${level}`),
    'byte level',
    'string name',
    'string message',
    'string hardware_id',
    'diagnostic_msgs/KeyValue[] values',
  ],
  'diagnostic_msgs/DiagnosticArray': [
    'std_msgs/Header header',
    'diagnostic_msgs/DiagnosticStatus[] status',
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
    ...Object.entries(FAULT_STATUS).map(
      ([name, code]) => `uint8 STATUS_${name.toUpperCase()}=${code}`,
    ),
    'uint8 status',
  ],
};

/** Between the definitions of a `ros2msg` schema, see the MCAP specification's registry. */
const SEPARATOR = '='.repeat(80);

/**
 * The `ros2msg` schema of a message with all types it depends on.
 * @param type `package/msg/Name`, one of those this project writes or takes
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
