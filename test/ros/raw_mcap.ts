import { McapWriter } from '@mcap/core';
import { McapFile, type RawMessage } from '../../src/bag/mcap_file.js';

/** A message that somebody else encoded. */
export interface EncodedMessage {
  readonly topic: string;
  readonly type: string;
  readonly cdr: Uint8Array;
  readonly schema: { readonly encoding: 'ros2msg' | 'ros2idl'; readonly text: string };
}

/** The bytes of an MCAP file with these messages, every one on its own channel, a second apart. */
export async function encodedMcap(messages: readonly EncodedMessage[]): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let position = 0n;
  const mcap = new McapWriter({
    writable: {
      position: () => position,
      write: async (bytes) => {
        parts.push(bytes.slice());
        position += BigInt(bytes.length);
        return Promise.resolve();
      },
    },
  });
  await mcap.start({ profile: 'ros2', library: 'test' });
  for (const [sequence, { topic, type, cdr, schema }] of messages.entries()) {
    const data = Buffer.from(schema.text);
    const schemaId = await mcap.registerSchema({ name: type, encoding: schema.encoding, data });
    const channel = { topic, schemaId, messageEncoding: 'cdr', metadata: new Map() };
    const channelId = await mcap.registerChannel(channel);
    const logTime = BigInt(sequence) * 1_000_000_000n;
    await mcap.addMessage({ channelId, sequence, logTime, publishTime: logTime, data: cdr });
  }
  await mcap.end();
  return Buffer.concat(parts);
}

/** The messages of an MCAP file, still encoded. */
export async function rawMessages(path: string): Promise<RawMessage[]> {
  const mcap = await McapFile.open(path);
  try {
    const found: RawMessage[] = [];
    const fail = (warning: string): never => {
      throw new Error(warning);
    };
    for await (const message of mcap.messages(() => true, fail)) {
      found.push({ ...message, data: message.data.slice() });
    }
    return found;
  } finally {
    await mcap.close();
  }
}
