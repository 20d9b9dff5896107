import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { readBag } from '../../src/bag/read_bag.js';
import { temporaryDirectory } from '../bag/temporary_directory.js';
import { encodedMcap } from './raw_mcap.js';
import { asJson, requireRos, runRosScript } from './ros_environment.js';

interface RosMessage {
  readonly type: string;
  /** Base64. */
  readonly cdr: string;
  readonly ros2msg: string;
  readonly ros2idl: string;
  readonly values: unknown;
}

describe('Messages encoded by ROS 2', () => {
  const directory = temporaryDirectory();
  let messages: RosMessage[];
  before(function () {
    requireRos(this);
    messages = runRosScript('encode_messages.py') as RosMessage[];
  });

  for (const encoding of ['ros2msg', 'ros2idl'] as const) {
    it(`are read from a bag as they were, with ROS 2's own ${encoding} schemas`, async () => {
      const entries = messages.map((message, i) => ({
        topic: `/topic${i}`,
        type: message.type,
        cdr: Buffer.from(message.cdr, 'base64'),
        schema: { encoding, text: message[encoding] },
      }));
      const path = directory.at('ros.mcap');
      writeFileSync(path, await encodedMcap(entries));
      const read: unknown[] = [];
      for await (const { message } of readBag(
        path,
        entries.map(({ topic }) => topic),
      )) {
        read.push(asJson(message));
      }
      const types = new Set(messages.map(({ type }) => type));
      assert.equal(types.size, 5, 'the source types that a policy may have');
      assert.deepEqual(
        read,
        messages.map(({ values }) => values),
      );
    });
  }
});
