import { parse as parseMsg } from '@foxglove/rosmsg';
import { parseRos2idl } from '@foxglove/ros2idl-parser';
import { MAX_SCHEMA_BYTES } from './limits.js';

/** One message type: its name and fields. Of a schema's list the first is the message itself. */
export type MessageDefinition = ReturnType<typeof parseMsg>[number];
export type MessageField = MessageDefinition['definitions'][number];

/**
 * Parses the text of a schema with all types it depends on.
 * @param encoding `ros2msg` or `ros2idl`, see the MCAP specification's registry
 * @throws Error when the text is too large, of another encoding, or does not parse
 */
export function parseMessageSchema(encoding: string, text: Uint8Array): MessageDefinition[] {
  if (text.length > MAX_SCHEMA_BYTES) {
    throw new Error(`its definition has ${text.length} bytes, more than any message needs`);
  }
  const definition = Buffer.from(text).toString('utf8');
  if (encoding === 'ros2msg') return parseMsg(definition, { ros2: true });
  if (encoding === 'ros2idl') return parseRos2idl(definition).map(withRosTime);
  throw new Error(`its schema encoding '${encoding}' is not ros2msg or ros2idl`);
}

/** The IDL parser renames the nanoseconds of times and durations to those of ROS 1; ROS 2 has `nanosec`. */
function withRosTime(type: MessageDefinition): MessageDefinition {
  if (!/^builtin_interfaces\/msg\/(Time|Duration)$/.test(type.name ?? '')) return type;
  const rename = (field: MessageField): MessageField =>
    field.name === 'nsec' ? { ...field, name: 'nanosec' } : field;
  return { ...type, definitions: type.definitions.map(rename) };
}
