import { encodeCdr, header, jointState } from '../bag/make_bag.js';
import type { Encoded } from './ros_peer.js';

/** One message, plain and encoded. */
export interface RobotMessage extends Encoded {
  readonly message: unknown;
}

/** Joints of the demo's policy in its order. */
export const PANDA_JOINTS = [
  ...Array.from({ length: 7 }, (_, i) => `panda_joint${i + 1}`),
  'panda_finger_joint1',
];
/** Where the demo's episodes begin, about, rad and m. */
export const PANDA_START = [0, 0.2, 0, -2.4, 0, 2.6, 0.8, 0.04];

/** Joint states; by default the demo's robot as its episodes begin. */
export function jointStates(
  positions: readonly number[] = PANDA_START,
  names: readonly string[] = PANDA_JOINTS,
  stampNs = 0n,
): RobotMessage {
  const message = jointState(stampNs, positions, names);
  return encoded('/joint_states', 'sensor_msgs/msg/JointState', message);
}

/** The pose of the demo's cube. */
export function cubePose(x = 0.02, stampNs = 0n): RobotMessage {
  return encoded('/cube_pose', 'geometry_msgs/msg/PoseStamped', {
    header: header(stampNs),
    pose: { position: { x, y: 0.01, z: 0.83 }, orientation: { x: 0, y: 0, z: 0, w: 1 } },
  });
}

/** A URDF with joints of the demo's robot. @param limits attributes of `limit`, by the joint's name */
export function robotDescription(limits: Readonly<Record<string, string>>): RobotMessage {
  const joints = Object.entries(limits).map(
    ([name, limit]) => `<joint name="${name}" type="revolute"><limit ${limit}/></joint>`,
  );
  const data = `<robot name="panda">${joints.join('')}</robot>`;
  return encoded('/robot_description', 'std_msgs/msg/String', { data });
}

export interface ImageOptions {
  readonly width?: number;
  readonly height?: number;
  readonly encoding?: string;
  /** Bytes of a row; by default three a pixel. */
  readonly step?: number;
  /** Bytes of all rows; by default step x height. */
  readonly bytes?: number;
  readonly stampNs?: bigint;
  /** Value of the first byte; the others count on. */
  readonly seed?: number;
}

/** A camera's picture; by default rgb8 of 64 x 48 pixels. */
export function image({
  width = 64,
  height = 48,
  encoding = 'rgb8',
  step = width * 3,
  bytes = step * height,
  stampNs = 0n,
  seed = 0,
}: ImageOptions = {}): RobotMessage {
  const data = Uint8Array.from({ length: bytes }, (_, i) => seed + i * 7);
  return encoded('/camera/image_raw', 'sensor_msgs/msg/Image', {
    ...{ header: header(stampNs), height, width, encoding, is_bigendian: 0, step, data },
  });
}

function encoded(topic: string, type: string, message: unknown): RobotMessage {
  return { topic, type, message, cdr: [encodeCdr(type, message)] };
}
