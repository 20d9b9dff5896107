import { MessageWriter } from '@foxglove/rosmsg2-serialization';
import { messageDefinitions } from '../bag/message_definitions.js';
import type { RosNode, RosPublisher } from './rclnodejs_api.js';

/**
 * Publishes messages that it serialises itself. rclnodejs builds a message field by field, which keeps the thread of
 * the control loop for milliseconds where a message is large: diagnostics took 8 of them, in which no observation
 * could be taken and no trajectory sent.
 */
export class CdrPublisher {
  readonly #publisher: RosPublisher;
  readonly #writer: MessageWriter;

  /** @param type of the message, `package/msg/Name`; one whose fields are known, see `messageDefinitions` */
  constructor(node: RosNode, type: string, topic: string, options: { readonly qos: unknown }) {
    this.#publisher = node.createPublisher(type, topic, options);
    this.#writer = new MessageWriter(messageDefinitions(type));
  }

  /** @param message a plain object with the fields of the type */
  publish(message: object): void {
    const { buffer, byteOffset, byteLength } = this.#writer.writeMessage(message);
    this.#publisher.publish(Buffer.from(buffer, byteOffset, byteLength));
  }
}
