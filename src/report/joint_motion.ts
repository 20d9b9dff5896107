import { z } from 'zod';
import { readBag } from '../bag/read_bag.js';
import { nanoseconds } from '../control/ros_messages.js';
import { BadInput } from '../errors.js';

/** Where the joints are to be at one time. */
export interface JointTarget {
  /** ns since the epoch. */
  readonly timeNs: bigint;
  /** Of every joint, in the order of {@link JointMotion.jointNames}. */
  readonly positions: readonly number[];
}

/** The targets of a bag; each piece is one uninterrupted motion, such as one chunk of actions. */
export interface JointMotion {
  readonly jointNames: readonly string[];
  readonly pieces: readonly (readonly JointTarget[])[];
}

const time = z.object({ sec: z.int(), nanosec: z.int() });
const positions = z.custom<ArrayLike<number>>(
  (value) => value instanceof Float64Array || Array.isArray(value),
  'is not an array',
);
const header = z.object({ stamp: time });
const jointTrajectory = z.object({
  header,
  joint_names: z.array(z.string()),
  points: z.array(z.object({ positions, time_from_start: time })),
});
const jointState = z.object({ header, name: z.array(z.string()), position: positions });

/**
 * The chunks on a trajectory_msgs/msg/JointTrajectory topic, one piece each.
 * @throws BadInput when there are none, or they are of different joints
 */
export async function readChunks(bag: string, topic: string): Promise<JointMotion> {
  let jointNames: readonly string[] | undefined;
  const pieces: JointTarget[][] = [];
  for await (const { message } of readBag(bag, [topic])) {
    const trajectory = parse(jointTrajectory, message, bag, topic);
    jointNames ??= trajectory.joint_names;
    const places = placesOf(jointNames, trajectory.joint_names, bag, topic);
    const stampNs = nanoseconds(trajectory.header.stamp);
    pieces.push(
      trajectory.points.map((point) => ({
        timeNs: stampNs + nanoseconds(point.time_from_start),
        positions: places.map((place) => point.positions[place] ?? NaN),
      })),
    );
  }
  if (!jointNames) throw nothingOn(topic, bag);
  return { jointNames, pieces };
}

/**
 * Joint targets that were sent to a robot, on a sensor_msgs/msg/JointState topic. A target is to be reached
 * one control period after its stamp.
 * @throws BadInput when there are none, or a joint is missing
 */
export async function readSentTargets(
  bag: string,
  topic: string,
  jointNames: readonly string[],
  periodNs: bigint,
): Promise<JointMotion> {
  const pieces: JointTarget[][] = [];
  let lastNs: bigint | undefined;
  for await (const { message } of readBag(bag, [topic])) {
    const state = parse(jointState, message, bag, topic);
    const places = placesOf(jointNames, state.name, bag, topic);
    const timeNs = nanoseconds(state.header.stamp) + periodNs;
    // A gap of two periods: another episode.
    if (lastNs === undefined || timeNs - lastNs > 2n * periodNs) pieces.push([]);
    pieces.at(-1)!.push({ timeNs, positions: places.map((place) => state.position[place] ?? NaN) });
    lastNs = timeNs;
  }
  if (pieces.length === 0) throw nothingOn(topic, bag);
  return { jointNames, pieces };
}

/** Where each wanted joint stands in a message. */
function placesOf(
  wanted: readonly string[],
  present: readonly string[],
  bag: string,
  topic: string,
): number[] {
  return wanted.map((name) => {
    const place = present.indexOf(name);
    if (place >= 0) return place;
    throw new BadInput(
      `a message has no joint ${name}`,
      `${bag}, topic ${topic}`,
      'choose another topic',
    );
  });
}

function nothingOn(topic: string, bag: string): BadInput {
  return new BadInput(`has no message on ${topic}`, bag, 'choose another topic or bag');
}

/** Bags can hold anything under the name of a type. */
function parse<S extends z.ZodType>(
  schema: S,
  message: unknown,
  bag: string,
  topic: string,
): z.infer<S> {
  const result = schema.safeParse(message);
  if (result.success) return result.data;
  const field = result.error.issues[0]!.path.join('.') || 'message';
  throw new BadInput(
    `${field} is not as expected`,
    `${bag}, topic ${topic}`,
    'choose another topic',
  );
}
