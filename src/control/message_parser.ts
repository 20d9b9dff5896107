import { MessageDecoder } from '../bag/message_decoder.js';
import { messageDefinitionText } from '../bag/message_definitions.js';
import { BadInput } from '../errors.js';
import type { ObservationSource } from '../policy/manifest.js';
import { isCamera } from './observation_layout.js';
import {
  namedJoints,
  observationValue,
  stampOf,
  type ObservationValue,
} from './observation_value.js';

/** What one message of a topic says about a source, and when it was so. */
export interface ParsedMessage {
  /** Header stamp, of messages without a header the time they were received, ns. */
  readonly stampNs: bigint;
  /** Undefined for a JointState that names none of the source's joints. */
  readonly value: ObservationValue | undefined;
  /** The joints it names instead, when `value` is undefined. */
  readonly otherJoints?: readonly string[];
}

/**
 * Takes observations of one source out of messages as the middleware delivers them. The bytes are looked at,
 * not copied: a picture shares them and they must not change afterwards.
 */
export class MessageParser {
  readonly #source: ObservationSource;
  readonly #type: string;
  readonly #topic: string;
  readonly #decoder: MessageDecoder;
  #stampNs: bigint | undefined;

  /**
   * @param type the topic's message type; pictures may come compressed or not, whatever the source says
   * @param topic for error messages
   * @throws BadInput when the source cannot be taken from messages of this type
   */
  constructor(source: ObservationSource, type: string, topic: string) {
    const pictures = ['sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage'];
    if (type !== source.type && !(isCamera(source) && pictures.includes(type))) {
      throw new BadInput(
        `has messages of type ${type}, the policy needs ${source.type}`,
        topic,
        'use the topic the policy was trained with',
      );
    }
    this.#source = source;
    this.#type = type;
    this.#topic = topic;
    this.#decoder = new MessageDecoder(
      {
        topic,
        schemaName: type,
        schemaEncoding: 'ros2msg',
        messageEncoding: 'cdr',
        schemaText: Buffer.from(messageDefinitionText(type)),
      },
      topic,
      'check that its publisher uses the same message definition',
    );
  }

  /**
   * @param cdr a message with its CDR header
   * @param receivedNs when it came, ns
   * @throws BadInput saying why the message cannot be used
   */
  parse(cdr: Uint8Array, receivedNs: bigint): ParsedMessage {
    const message = this.#decoder.decode(cdr);
    const stampNs = stampOf(this.#source, message, receivedNs, this.#topic);
    const before = this.#stampNs;
    this.#stampNs = stampNs;
    // The first alone may be from the very beginning of simulated time.
    if (stampNs === 0n && before === 0n) {
      throw new BadInput('its messages carry no time stamp', this.#topic, 'repair the driver');
    }
    const value = observationValue(this.#source, this.#type, message, this.#topic);
    if (value !== undefined) return { stampNs, value };
    return { stampNs, value, otherJoints: namedJoints(message, this.#topic) };
  }
}
