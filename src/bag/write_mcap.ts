import { open } from 'node:fs/promises';
import { McapWriter, type IWritable } from '@mcap/core';
import { BagWriter, type WrittenTopic } from './bag_writer.js';

/** What the files say that this project wrote. */
export const LIBRARY = 'bac_policy';

/** What an MCAP file holds that was written. */
export interface WrittenMcap {
  readonly topics: readonly WrittenTopic[];
  /** Log time of the first and last message, ns since the epoch; 0 without messages. */
  readonly startNs: bigint;
  readonly endNs: bigint;
}

/**
 * Writes a new MCAP file.
 * @param fill writes the messages
 * @throws Error of the file system when it cannot be written, or there is such a file
 */
export async function writeMcap(
  path: string,
  fill: (bag: BagWriter) => Promise<void>,
): Promise<WrittenMcap> {
  const file = await open(path, 'wx');
  try {
    let position = 0n;
    const writable: IWritable = {
      position: () => position,
      write: async (bytes) => {
        await file.writeFile(bytes);
        position += BigInt(bytes.byteLength);
      },
    };
    const mcap = new McapWriter({ writable });
    await mcap.start({ profile: 'ros2', library: LIBRARY });
    const bag = new BagWriter(mcap);
    await fill(bag);
    await mcap.end();
    const { messageStartTime: startNs, messageEndTime: endNs } = mcap.statistics!;
    const topics = bag.topics.map(({ topic, type, messages }) => ({ topic, type, messages }));
    return { topics, startNs, endNs };
  } finally {
    await file.close();
  }
}
