import { McapWriter } from '@mcap/core';
import { MessageWriter } from '@foxglove/rosmsg2-serialization';
import { parse } from '@foxglove/rosmsg';

/** Definitions of messages that robots send, as `ros2msg` schemas; only what their CDR depends on. */
const HEADER = [
  '='.repeat(80),
  'MSG: std_msgs/Header',
  'builtin_interfaces/Time stamp',
  'string frame_id',
  '='.repeat(80),
  'MSG: builtin_interfaces/Time',
  'int32 sec',
  'uint32 nanosec',
].join('\n');
const SEPARATOR = '='.repeat(80);
export const SCHEMAS: Readonly<Record<string, string>> = {
  'sensor_msgs/msg/JointState': `std_msgs/Header header
string[] name
float64[] position
float64[] velocity
float64[] effort
${HEADER}`,
  'geometry_msgs/msg/PoseStamped': `std_msgs/Header header
geometry_msgs/Pose pose
${SEPARATOR}
MSG: geometry_msgs/Pose
geometry_msgs/Point position
geometry_msgs/Quaternion orientation
${SEPARATOR}
MSG: geometry_msgs/Point
float64 x
float64 y
float64 z
${SEPARATOR}
MSG: geometry_msgs/Quaternion
float64 x
float64 y
float64 z
float64 w
${HEADER}`,
  'sensor_msgs/msg/Image': `std_msgs/Header header
uint32 height
uint32 width
string encoding
uint8 is_bigendian
uint32 step
uint8[] data
${HEADER}`,
  'sensor_msgs/msg/CompressedImage': `std_msgs/Header header
string format
uint8[] data
${HEADER}`,
  'std_msgs/msg/String': 'string data',
  'std_msgs/msg/Float64MultiArray': `std_msgs/MultiArrayLayout layout
float64[] data
${SEPARATOR}
MSG: std_msgs/MultiArrayLayout
std_msgs/MultiArrayDimension[] dim
uint32 data_offset
${SEPARATOR}
MSG: std_msgs/MultiArrayDimension
string label
uint32 size
uint32 stride`,
};

/** JointState as ROS 2 describes it in IDL. */
export const JOINT_STATE_IDL = `${SEPARATOR}
IDL: sensor_msgs/msg/JointState
#include "std_msgs/msg/Header.idl"
module sensor_msgs {
  module msg {
    @verbatim (language="comment", text="What the joints do.")
    struct JointState {
      std_msgs::msg::Header header;
      sequence<string> name;
      @unit (value="rad, m")
      sequence<double> position;
      sequence<double> velocity;
      sequence<double> effort;
    };
  };
};
${SEPARATOR}
IDL: std_msgs/msg/Header
#include "builtin_interfaces/msg/Time.idl"
module std_msgs {
  module msg {
    struct Header {
      builtin_interfaces::msg::Time stamp;
      string frame_id;
    };
  };
};
${SEPARATOR}
IDL: builtin_interfaces/msg/Time
module builtin_interfaces {
  module msg {
    struct Time {
      int32 sec;
      uint32 nanosec;
    };
  };
};
`;

/** A message for a bag. */
export interface BagEntry {
  readonly topic: string;
  readonly type: string;
  readonly logTimeNs: bigint;
  readonly message: unknown;
}

export interface MakeMcapOptions {
  /** Chunks, as most recorders write them; without, as `fastwrite` does. Default true. */
  readonly chunks?: boolean;
  /** Index and summary at the end. Default true. */
  readonly index?: boolean;
  /** Bytes of a chunk, default 1024. */
  readonly chunkSize?: number;
  /** Another schema than the type's own. */
  readonly schema?: { readonly encoding: string; readonly text: string };
  readonly messageEncoding?: string;
  /** Changes the encoded messages. */
  readonly mangle?: (cdr: Uint8Array) => Uint8Array;
  readonly compressChunk?: (data: Uint8Array) => {
    compression: string;
    compressedData: Uint8Array;
  };
}

/** The bytes of an MCAP file with these messages in this order. */
export async function makeMcap(
  entries: readonly BagEntry[],
  options: MakeMcapOptions = {},
): Promise<Uint8Array> {
  const { chunks = true, index = true, chunkSize = 1024, compressChunk } = options;
  const parts: Uint8Array[] = [];
  let position = 0;
  const mcap = new McapWriter({
    writable: {
      position: () => BigInt(position),
      write: async (bytes) => {
        parts.push(bytes.slice());
        position += bytes.length;
        return Promise.resolve();
      },
    },
    useChunks: chunks,
    useChunkIndex: index,
    useMessageIndex: index,
    useStatistics: index,
    useSummaryOffsets: index,
    repeatChannels: index,
    repeatSchemas: index,
    useAttachmentIndex: index,
    useMetadataIndex: index,
    chunkSize,
    ...(compressChunk ? { compressChunk } : {}),
  });
  await mcap.start({ profile: 'ros2', library: 'test' });
  const channels = new Map<string, number>();
  for (const [sequence, { topic, type, logTimeNs, message }] of entries.entries()) {
    let channelId = channels.get(topic);
    if (channelId === undefined) {
      const text = options.schema?.text ?? SCHEMAS[type]!;
      const schemaId = await mcap.registerSchema({
        name: type,
        encoding: options.schema?.encoding ?? 'ros2msg',
        data: Buffer.from(text),
      });
      const messageEncoding = options.messageEncoding ?? 'cdr';
      channelId = await mcap.registerChannel({
        topic,
        schemaId,
        messageEncoding,
        metadata: new Map(),
      });
      channels.set(topic, channelId);
    }
    const cdr = encodeCdr(type, message);
    const data = options.mangle ? options.mangle(cdr) : cdr;
    await mcap.addMessage({
      channelId,
      sequence,
      logTime: logTimeNs,
      publishTime: logTimeNs,
      data,
    });
  }
  await mcap.end();
  return Buffer.concat(parts);
}

/** CDR of a message of one of {@link SCHEMAS}. */
export function encodeCdr(type: string, message: unknown): Uint8Array {
  return new MessageWriter(parse(SCHEMAS[type]!, { ros2: true })).writeMessage(message).slice();
}

const NS = 1_000_000_000n;

/** Header with a stamp of so many ns. */
export function header(stampNs: bigint): unknown {
  return {
    stamp: { sec: Number(stampNs / NS), nanosec: Number(stampNs % NS) },
    frame_id: '',
  };
}

/** A JointState of joints j1, j2, ... */
export function jointState(
  stampNs: bigint,
  position: readonly number[],
  name: readonly string[] = position.map((_, i) => `j${i + 1}`),
): unknown {
  return { header: header(stampNs), name, position, velocity: [], effort: [] };
}

/** Joint states on /joint_states every 50 ms from `startNs` on, logged 1 ms later. */
export function jointStates(
  count: number,
  startNs = NS,
  value: (i: number) => readonly number[] = (i) => [i, -i],
): BagEntry[] {
  return Array.from({ length: count }, (_, i) => {
    const stampNs = startNs + BigInt(i) * 50_000_000n;
    return {
      topic: '/joint_states',
      type: 'sensor_msgs/msg/JointState',
      logTimeNs: stampNs + 1_000_000n,
      message: jointState(stampNs, value(i)),
    };
  });
}
