import { z } from 'zod';
import { BadInput } from '../errors.js';
import type { ObservationSource } from '../policy/manifest.js';
import { CameraFrame } from './camera_frame.js';
import { isCamera } from './observation_layout.js';
import { parseMessage } from './parse_message.js';
import { nanoseconds } from './ros_messages.js';

/** What one message says about one source: numbers in physical units, or a picture not yet decoded. */
export type ObservationValue = Float64Array | CameraFrame;

const number = z
  .number()
  .or(z.nan())
  .or(z.literal([Infinity, -Infinity]));
const numbers = z.custom<ArrayLike<number>>(
  (value) => value instanceof Float64Array || (Array.isArray(value) && value.every(isNumber)),
  'is not an array of numbers',
);
const stamped = z.object({
  header: z.object({ stamp: z.object({ sec: z.int(), nanosec: z.int() }) }),
});
const jointState = z.object({
  name: z.array(z.string()),
  position: numbers,
  velocity: numbers,
  effort: numbers,
});
const poseStamped = z.object({
  pose: z.object({
    position: z.object({ x: number, y: number, z: number }),
    orientation: z.object({ x: number, y: number, z: number, w: number }),
  }),
});
const multiArray = z.object({ data: numbers });
const compressed = z.object({ format: z.string() });

/** Formats of compressed_depth_image_transport and of compressed depth in general, such as `16UC1; png`. */
const DEPTH_FORMAT = /compressedDepth|(?:16|32)[SUF]C\d/;

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}

/**
 * Header stamp of a message, ns; messages without a header have only the time they were received.
 * @param where the topic, for error messages
 */
export function stampOf(
  source: ObservationSource,
  message: unknown,
  receivedNs: bigint,
  where: string,
): bigint {
  if (source.type === 'std_msgs/msg/Float64MultiArray') return receivedNs;
  return nanoseconds(parseMessage(stamped, message, source.type, where).header.stamp);
}

/** The joints that a JointState names, for saying what a topic has instead of those that are looked for. */
export function namedJoints(message: unknown, where: string): readonly string[] {
  return parseMessage(jointState, message, 'sensor_msgs/msg/JointState', where).name;
}

/**
 * Takes out of a message what a source says, in the source's order.
 * @param type the message's type; pictures may come compressed or not, whatever the source says
 * @returns undefined for a JointState that names none of the source's joints: an arm and its gripper may be
 *   published apart on one topic
 * @throws BadInput naming the topic when some joints are missing, a value is not finite or a size is wrong
 */
export function observationValue(
  source: ObservationSource,
  type: string,
  message: unknown,
  where: string,
): ObservationValue | undefined {
  if (isCamera(source)) {
    if (type === 'sensor_msgs/msg/CompressedImage') {
      refuseDepth(parseMessage(compressed, message, type, where).format, where);
    }
    return CameraFrame.of(source, type, message, where);
  }
  const values = vectorOf(source, message, where);
  if (!values) return undefined;
  const wrong = values.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) {
    const name = 'names' in source ? source.names[wrong] : `value ${wrong}`;
    throw new BadInput(
      `${source.field} of ${name} is ${values[wrong]}`,
      where,
      'a policy can do nothing sensible with it: repair the source',
    );
  }
  return values;
}

function vectorOf(
  source: Exclude<ObservationSource, { crop?: unknown } & { size: [number, number] }>,
  message: unknown,
  where: string,
): Float64Array | undefined {
  switch (source.type) {
    case 'sensor_msgs/msg/JointState': {
      const state = parseMessage(jointState, message, source.type, where);
      const values = state[source.field];
      const places = source.names.map((name) => state.name.indexOf(name));
      if (places.every((i) => i < 0)) return undefined;
      const absent = source.names.filter((_, j) => places[j]! < 0);
      if (absent.length > 0) throw missingJoints(absent, state.name, where);
      return Float64Array.from(places, (i) => {
        if (i >= values.length) {
          throw new BadInput(
            `joint ${state.name[i]!} has no ${source.field}`,
            where,
            'use a topic that carries it',
          );
        }
        return values[i]!;
      });
    }
    case 'geometry_msgs/msg/PoseStamped': {
      const { position: p, orientation: q } = parseMessage(
        poseStamped,
        message,
        source.type,
        where,
      ).pose;
      const [position, orientation] = [
        [p.x, p.y, p.z],
        [q.x, q.y, q.z, q.w],
      ];
      if (source.field === 'position') return Float64Array.from(position);
      if (source.field === 'orientation') return Float64Array.from(orientation);
      return Float64Array.from([...position, ...orientation]);
    }
    case 'std_msgs/msg/Float64MultiArray': {
      const { data } = parseMessage(multiArray, message, source.type, where);
      if (data.length !== source.size) {
        throw new BadInput(
          `has ${data.length} values, the policy needs ${source.size}`,
          where,
          'use the topic the policy was trained with',
        );
      }
      return Float64Array.from(data);
    }
  }
}

/** Of the joints that a message has instead. */
const MAX_NAMED_JOINTS = 10;

function missingJoints(
  absent: readonly string[],
  present: readonly string[],
  where: string,
): BadInput {
  return new BadInput(
    `has no joint ${absent.join(', ')}, only ${present.slice(0, MAX_NAMED_JOINTS).join(', ')}`,
    where,
    'correct the names of the source: `bac-policy import ... --sources FILE`',
  );
}

/** The values of a depth picture are distances: squeezed into 8 bits they are nothing a policy was trained on. */
function refuseDepth(format: string, where: string): void {
  if (!DEPTH_FORMAT.test(format)) return;
  throw new BadInput(
    `format '${format.slice(0, 60)}' is a depth picture, not a colour picture`,
    where,
    'use the colour topic of the camera, as jpeg or png',
  );
}
