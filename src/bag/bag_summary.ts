import { bagFiles } from './bag_files.js';
import { McapFile, type McapContents } from './mcap_file.js';
import type { ChannelSchema } from './message_decoder.js';
import type { ReadBagOptions } from './read_bag.js';

/** One topic of a bag. */
export interface BagTopic {
  readonly topic: string;
  /** Message type, `package/msg/Name`. */
  readonly type: string;
  readonly messages: number;
}

/** What a bag holds. */
export interface BagSummary {
  /** Its MCAP files in order. */
  readonly files: readonly string[];
  /** Sorted by name. */
  readonly topics: readonly BagTopic[];
  /** Log time of the first and last message, ns since the epoch; 0 for a bag without messages. */
  readonly startNs: bigint;
  readonly endNs: bigint;
}

/**
 * Topics, types, message counts and times of a bag: from the index of its files, or by reading the messages
 * of a file that has none.
 * @throws BadInput when the bag cannot be read
 */
export async function bagSummary(path: string, options: ReadBagOptions = {}): Promise<BagSummary> {
  const files = await bagFiles(path);
  const topics = new Map<string, BagTopic>();
  let startNs: bigint | undefined;
  let endNs: bigint | undefined;
  for (const file of files) {
    const mcap = await McapFile.open(file);
    try {
      const contents = mcap.contents() ?? (await countMessages(mcap, options));
      for (const { channel, messages } of contents.channels) {
        const known = topics.get(channel.topic)?.messages ?? 0;
        const { topic, schemaName: type } = channel;
        topics.set(topic, { topic, type, messages: known + messages });
      }
      if (contents.channels.some(({ messages }) => messages > 0)) {
        if (startNs === undefined || contents.startNs < startNs) startNs = contents.startNs;
        if (endNs === undefined || contents.endNs > endNs) endNs = contents.endNs;
      }
    } finally {
      await mcap.close();
    }
  }
  const byName = (a: BagTopic, b: BagTopic): number => (a.topic < b.topic ? -1 : 1);
  return {
    files,
    topics: [...topics.values()].sort(byName),
    startNs: startNs ?? 0n,
    endNs: endNs ?? 0n,
  };
}

async function countMessages(mcap: McapFile, options: ReadBagOptions): Promise<McapContents> {
  const channels = new Map<number, { channel: ChannelSchema; messages: number }>();
  let startNs: bigint | undefined;
  let endNs: bigint | undefined;
  for await (const raw of mcap.messages(() => true, options.onWarning ?? (() => undefined))) {
    const entry = channels.get(raw.channelId) ?? { channel: raw.channel, messages: 0 };
    entry.messages++;
    channels.set(raw.channelId, entry);
    if (startNs === undefined || raw.logTimeNs < startNs) startNs = raw.logTimeNs;
    if (endNs === undefined || raw.logTimeNs > endNs) endNs = raw.logTimeNs;
  }
  return { channels: [...channels.values()], startNs: startNs ?? 0n, endNs: endNs ?? 0n };
}
