import { McapWriter } from '@mcap/core';
import { MessageWriter } from '@foxglove/rosmsg2-serialization';
import { messageDefinitions, messageDefinitionText } from './message_definitions.js';

/** Topic of a bag that is being written. */
export interface WrittenTopic {
  readonly topic: string;
  /** `package/msg/Name`. */
  readonly type: string;
  messages: number;
}

interface Channel extends WrittenTopic {
  readonly id: number;
  readonly writer: MessageWriter;
  sequence: number;
}

/** Writes ROS 2 messages into one MCAP file. */
export class BagWriter {
  readonly #mcap: McapWriter;
  readonly #channels = new Map<string, Channel>();

  /** @param mcap started by whoever opened the file, and ended by it */
  constructor(mcap: McapWriter) {
    this.#mcap = mcap;
  }

  /** Declares a topic, so that it is in the bag even when nothing is ever written to it. */
  async addTopic(topic: string, type: string): Promise<void> {
    const schemaId = await this.#mcap.registerSchema({
      name: type,
      encoding: 'ros2msg',
      data: new TextEncoder().encode(messageDefinitionText(type)),
    });
    const id = await this.#mcap.registerChannel({
      topic,
      schemaId,
      messageEncoding: 'cdr',
      metadata: new Map([['offered_qos_profiles', '']]),
    });
    const writer = new MessageWriter(messageDefinitions(type));
    this.#channels.set(topic, { topic, type, id, writer, messages: 0, sequence: 0 });
  }

  /** Writes a message, a plain object as its definition says. @param logTimeNs ns since the epoch */
  async write(topic: string, message: unknown, logTimeNs: bigint): Promise<void> {
    const channel = this.#channelOf(topic);
    await this.#add(channel, channel.writer.writeMessage(message), logTimeNs);
  }

  /** Writes a message as it came, in CDR of the topic's type. @param logTimeNs ns since the epoch */
  async writeRaw(topic: string, cdr: Uint8Array, logTimeNs: bigint): Promise<void> {
    await this.#add(this.#channelOf(topic), cdr, logTimeNs);
  }

  #channelOf(topic: string): Channel {
    const channel = this.#channels.get(topic);
    if (!channel) throw new Error(`topic ${topic} was not added to the bag`);
    return channel;
  }

  async #add(channel: Channel, data: Uint8Array, logTimeNs: bigint): Promise<void> {
    await this.#mcap.addMessage({
      channelId: channel.id,
      sequence: channel.sequence++,
      logTime: logTimeNs,
      publishTime: logTimeNs,
      data,
    });
    channel.messages++;
  }

  /** Topics in the order they were added. */
  get topics(): readonly WrittenTopic[] {
    return [...this.#channels.values()];
  }
}
