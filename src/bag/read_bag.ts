import { bagFiles } from './bag_files.js';
import { McapFile } from './mcap_file.js';
import { MessageDecoder } from './message_decoder.js';

/** One decoded message of a bag. */
export interface BagMessage {
  readonly topic: string;
  /** Its type, `package/msg/Name`. */
  readonly schemaName: string;
  /** When it was recorded, ns since the epoch. */
  readonly logTimeNs: bigint;
  /** A plain object, field by field as in the message definition. */
  readonly message: unknown;
}

export interface ReadBagOptions {
  /** Called with what is wrong with a bag that is still usable; by default nobody is told. */
  readonly onWarning?: (message: string) => void;
}

/**
 * The messages of some topics of a bag in the order of their log time. A bag of any size is read in bounded
 * memory; one that ends in the middle is read as far as it goes.
 * @param path an .mcap file or a rosbag2 directory, whose files follow each other
 * @throws BadInput naming the file and the topic that cannot be read
 */
export async function* readBag(
  path: string,
  topics: Iterable<string>,
  { onWarning = () => undefined }: ReadBagOptions = {},
): AsyncGenerator<BagMessage> {
  const wanted = new Set(topics);
  for (const file of await bagFiles(path)) {
    const mcap = await McapFile.open(file);
    try {
      const decoders = new Map<number, MessageDecoder>();
      for await (const raw of mcap.messages((topic) => wanted.has(topic), onWarning)) {
        let decoder = decoders.get(raw.channelId);
        if (!decoder) {
          decoder = new MessageDecoder(raw.channel, `${file}, topic ${raw.channel.topic}`);
          decoders.set(raw.channelId, decoder);
        }
        const { topic, schemaName } = raw.channel;
        yield { topic, schemaName, logTimeNs: raw.logTimeNs, message: decoder.decode(raw.data) };
      }
    } finally {
      await mcap.close();
    }
  }
}
