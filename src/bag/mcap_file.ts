import { McapConstants, McapIndexedReader, type McapTypes } from '@mcap/core';
import { BadInput, messageOf } from '../errors.js';
import { cappedDecompressHandlers } from './decompress_handlers.js';
import { MAX_OVERLAPPING_CHUNKS } from './limits.js';
import { streamRecords } from './mcap_stream.js';
import type { ChannelSchema } from './message_decoder.js';
import { RandomAccessFile } from './random_access_file.js';

const MAGIC = McapConstants.MCAP_MAGIC;

/** One message of an MCAP file, still encoded. */
export interface RawMessage {
  readonly channelId: number;
  readonly channel: ChannelSchema;
  /** When it was recorded, ns. */
  readonly logTimeNs: bigint;
  readonly data: Uint8Array;
}

/** What the index of an MCAP file says without reading its messages. */
export interface McapContents {
  /** Channels with the number of their messages. */
  readonly channels: readonly { readonly channel: ChannelSchema; readonly messages: number }[];
  readonly startNs: bigint;
  readonly endNs: bigint;
}

/** An open MCAP file: read by its index where it has a usable one, else from the beginning. */
export class McapFile {
  readonly #path: string;
  readonly #file: RandomAccessFile;
  readonly #handlers: McapTypes.DecompressHandlers;
  readonly #index: McapIndexedReader | undefined;

  private constructor(
    path: string,
    file: RandomAccessFile,
    handlers: McapTypes.DecompressHandlers,
    index: McapIndexedReader | undefined,
  ) {
    this.#path = path;
    this.#file = file;
    this.#handlers = handlers;
    this.#index = index;
  }

  /** @throws BadInput when the file does not exist or does not begin as an MCAP file */
  static async open(path: string): Promise<McapFile> {
    const file = await RandomAccessFile.open(path);
    try {
      const start = await file.read(0, Math.min(MAGIC.length, file.bytes));
      if (start.length < MAGIC.length || MAGIC.some((byte, i) => byte !== start[i])) {
        throw new BadInput(
          'is not an MCAP file',
          path,
          'give an .mcap file or a rosbag2 directory',
        );
      }
      const handlers = await cappedDecompressHandlers();
      return new McapFile(path, file, handlers, await usableIndex(file, handlers));
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Contents according to the index, or undefined where only reading all messages tells. */
  contents(): McapContents | undefined {
    const statistics = this.#index?.statistics;
    if (!this.#index || !statistics) return undefined;
    const channels = [...this.#index.channelsById.values()].map((channel) => ({
      channel: channelSchema(channel, this.#index!.schemasById),
      messages: Number(statistics.channelMessageCounts.get(channel.id) ?? 0n),
    }));
    return { channels, startNs: statistics.messageStartTime, endNs: statistics.messageEndTime };
  }

  /**
   * Messages of the topics that `wanted` accepts, in the order of their log time (without an index: in order
   * within each chunk). At most a few chunks are in memory.
   * @param warn called with what is wrong with a file that is still usable
   * @throws BadInput when the file is damaged
   */
  async *messages(
    wanted: (topic: string) => boolean,
    warn: (message: string) => void,
  ): AsyncGenerator<RawMessage> {
    try {
      yield* this.#index ? this.#indexed(this.#index, wanted) : this.#streamed(wanted, warn);
    } catch (error) {
      if (error instanceof BadInput) throw error;
      throw new BadInput(
        `is damaged: ${messageOf(error).slice(0, 160)}`,
        this.#path,
        'record it again or repair it with `mcap recover`',
      );
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async *#indexed(
    index: McapIndexedReader,
    wanted: (topic: string) => boolean,
  ): AsyncGenerator<RawMessage> {
    const channels = new Map(
      [...index.channelsById.values()]
        .filter(({ topic }) => wanted(topic))
        .map((channel) => [channel.id, channelSchema(channel, index.schemasById)]),
    );
    const topics = [...new Set([...channels.values()].map(({ topic }) => topic))];
    for await (const message of index.readMessages({ topics })) {
      const channel = channels.get(message.channelId);
      if (channel) yield rawMessage(message, channel);
    }
  }

  async *#streamed(
    wanted: (topic: string) => boolean,
    warn: (message: string) => void,
  ): AsyncGenerator<RawMessage> {
    const schemas = new Map<number, McapTypes.Schema>();
    const channels = new Map<number, ChannelSchema>();
    const truncated = (): void => {
      warn(`${this.#path} ends in the middle: what was recorded before that is used`);
    };
    for await (const group of streamRecords(this.#file, this.#handlers, truncated)) {
      const messages: RawMessage[] = [];
      for (const record of group) {
        if (record.type === 'Schema') schemas.set(record.id, record);
        if (record.type === 'Channel' && wanted(record.topic)) {
          if (!channels.has(record.id)) channels.set(record.id, channelSchema(record, schemas));
        }
        if (record.type !== 'Message') continue;
        const channel = channels.get(record.channelId);
        if (channel) messages.push(rawMessage(record, channel));
      }
      yield* messages.sort((a, b) => Number(a.logTimeNs - b.logTimeNs));
    }
  }
}

/** A channel with the schema it refers to. */
function channelSchema(
  { topic, schemaId, messageEncoding }: McapTypes.Channel,
  schemas: ReadonlyMap<number, McapTypes.Schema>,
): ChannelSchema {
  // A channel without a schema matters only to who wants to decode it.
  const schema = schemas.get(schemaId);
  return {
    topic,
    messageEncoding,
    schemaName: schema?.name ?? '',
    schemaEncoding: schema?.encoding ?? '',
    schemaText: schema?.data ?? new Uint8Array(0),
  };
}

function rawMessage(record: McapTypes.Message, channel: ChannelSchema): RawMessage {
  return { channelId: record.channelId, channel, logTimeNs: record.logTime, data: record.data };
}

/** The index at the end of the file, if it is there, whole, and leads to all messages in bounded memory. */
async function usableIndex(
  readable: RandomAccessFile,
  decompressHandlers: McapTypes.DecompressHandlers,
): Promise<McapIndexedReader | undefined> {
  const index = await McapIndexedReader.Initialize({ readable, decompressHandlers }).catch(
    () => undefined,
  );
  if (!index || index.chunkIndexes.length === 0) return undefined;
  // Summaries need not repeat the channels; then only the chunks know them.
  const declared = index.statistics?.channelCount ?? index.channelsById.size;
  if (index.channelsById.size === 0 || declared !== index.channelsById.size) return undefined;
  const chunks = index.chunkIndexes.filter(({ messageEndTime: end }) => end > 0n);
  if (chunks.some(({ messageIndexLength: length }) => length === 0n)) return undefined;
  return mostOverlapping(chunks) > MAX_OVERLAPPING_CHUNKS ? undefined : index;
}

/** The largest number of chunks whose times overlap. */
function mostOverlapping(chunks: readonly McapTypes.ChunkIndex[]): number {
  const bounds = chunks
    .flatMap((chunk) => [
      { time: chunk.messageStartTime, change: 1 },
      { time: chunk.messageEndTime, change: -1 },
    ])
    // Chunks that only touch are read one after the other.
    .sort((a, b) => Number(a.time - b.time) || a.change - b.change);
  let [now, most] = [0, 0];
  for (const { change } of bounds) most = Math.max(most, (now += change));
  return most;
}
