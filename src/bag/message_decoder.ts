import { MessageReader } from '@foxglove/rosmsg2-serialization';
import { BadInput, messageOf } from '../errors.js';
import { checkCdrBounds } from './cdr_bounds.js';
import { parseMessageSchema, type MessageDefinition } from './message_schema.js';

/** How a channel of a bag describes its messages. */
export interface ChannelSchema {
  readonly topic: string;
  readonly schemaName: string;
  readonly schemaEncoding: string;
  readonly messageEncoding: string;
  readonly schemaText: Uint8Array;
}

/** Decodes the CDR messages of one topic into plain objects, 64-bit integers as bigint. */
export class MessageDecoder {
  readonly #definitions: readonly MessageDefinition[];
  readonly #reader: MessageReader;
  readonly #where: string;
  readonly #todo: string;

  /**
   * @param where the bag and the topic, or the topic alone, for error messages
   * @param todo what to do about a message that does not fit, for error messages
   * @throws BadInput when the messages are not CDR or the schema cannot be read
   */
  constructor(channel: ChannelSchema, where: string, todo = 'the bag is damaged: record it again') {
    this.#where = where;
    this.#todo = todo;
    try {
      if (channel.messageEncoding !== 'cdr') {
        throw new Error(`its messages are encoded as '${channel.messageEncoding}', not cdr`);
      }
      this.#definitions = parseMessageSchema(channel.schemaEncoding, channel.schemaText);
      this.#reader = new MessageReader([...this.#definitions]);
    } catch (error) {
      throw new BadInput(
        `the definition of ${channel.schemaName} cannot be used: ${brief(error)}`,
        this.#where,
        'record the bag again with ROS 2',
      );
    }
  }

  /** @throws BadInput when the bytes do not fit the schema */
  decode(cdr: Uint8Array): unknown {
    try {
      checkCdrBounds(this.#definitions, cdr);
      return this.#reader.readMessage(cdr);
    } catch (error) {
      throw new BadInput(
        `a message does not fit its definition: ${brief(error)}`,
        this.#where,
        this.#todo,
      );
    }
  }
}

/** The schema parsers' messages run over many lines; the first says what is wrong. */
function brief(error: unknown): string {
  return messageOf(error).slice(0, 160);
}
