import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { bagSummary } from '../../src/bag/bag_summary.js';
import { readBag, type BagMessage } from '../../src/bag/read_bag.js';
import { BadInput } from '../../src/errors.js';
import { DEMO_BAG } from './demo_bag.js';
import {
  encodeCdr,
  jointState,
  jointStates,
  JOINT_STATE_IDL,
  makeMcap,
  type MakeMcapOptions,
} from './make_bag.js';
import { temporaryDirectory } from './temporary_directory.js';

const TOPIC = '/joint_states';
const FIXTURES = fileURLToPath(new URL('../../../test/fixtures/bags', import.meta.url));

async function all(path: string, topics = [TOPIC], warnings: string[] = []): Promise<BagMessage[]> {
  const messages: BagMessage[] = [];
  const onWarning = (warning: string): void => void warnings.push(warning);
  for await (const message of readBag(path, topics, { onWarning })) messages.push(message);
  return messages;
}

/** First joint of every message. */
async function firstJoints(path: string, warnings: string[] = []): Promise<number[]> {
  const messages = await all(path, [TOPIC], warnings);
  return messages.map(({ message }) => (message as { position: number[] }).position[0]!);
}

const COUNT = 40;
const EXPECTED = Array.from({ length: COUNT }, (_, i) => i);

describe('readBag', () => {
  const directory = temporaryDirectory();
  const put = (bytes: Uint8Array, name = 'bag.mcap'): string => {
    writeFileSync(directory.at(name), bytes);
    return directory.at(name);
  };
  const made = async (options?: MakeMcapOptions, count = COUNT): Promise<string> =>
    put(await makeMcap(jointStates(count), options));
  const refuses = async (path: string, what: RegExp, topics = [TOPIC]): Promise<void> => {
    await assert.rejects(all(path, topics), (error: unknown) => {
      assert.ok(error instanceof BadInput, String(error));
      assert.match(error.message, what);
      return true;
    });
  };

  it('reads the demo bag: counts as its summary says, ordered by log time', async () => {
    const { topics, startNs, endNs } = await bagSummary(DEMO_BAG);
    assert.deepEqual(
      topics.map(({ topic, messages }) => [topic, messages]),
      [
        ['/camera/image_raw', 102],
        ['/cube_pose', 102],
        ['/executed_joint_target', 102],
        ['/joint_states', 102],
        ['/policy/joint_trajectory', 13],
      ],
    );
    const messages = await all(
      DEMO_BAG,
      topics.map(({ topic }) => topic),
    );
    assert.equal(messages.length, 421);
    assert.equal(messages[0]!.logTimeNs, startNs);
    assert.equal(messages.at(-1)!.logTimeNs, endNs);
    assert.ok(messages.every((m, i) => i === 0 || m.logTimeNs >= messages[i - 1]!.logTimeNs));
  });

  it('gives the fields of a message and only the topics asked for', async () => {
    const [message] = await all(DEMO_BAG, ['/cube_pose']);
    assert.equal(message!.schemaName, 'geometry_msgs/msg/PoseStamped');
    const { header, pose } = message!.message as Record<string, Record<string, unknown>>;
    assert.deepEqual(header, { stamp: { sec: 1700000100, nanosec: 0 }, frame_id: 'world' });
    assert.equal(Object.keys(pose!['orientation'] as object).join(''), 'xyzw');
  });

  const variants: Record<string, MakeMcapOptions> = {
    'with an index': {},
    'without an index': { index: false },
    'without chunks, as fastwrite records': { chunks: false, index: false },
    'without chunks but with a summary': { chunks: false },
    'with IDL definitions': { schema: { encoding: 'ros2idl', text: JOINT_STATE_IDL } },
  };
  for (const [name, options] of Object.entries(variants)) {
    it(`reads a file ${name}`, async () => {
      const path = await made(options);
      const warnings: string[] = [];
      assert.deepEqual(await firstJoints(path, warnings), EXPECTED);
      assert.deepEqual(warnings, []);
      const { topics, startNs, endNs } = await bagSummary(path);
      assert.deepEqual(topics, [
        { topic: TOPIC, type: 'sensor_msgs/msg/JointState', messages: 40 },
      ]);
      assert.deepEqual([startNs, endNs], [1_001_000_000n, 2_951_000_000n]);
    });
  }

  it('gives stamps the field names of ROS 2 with either kind of definition', async () => {
    const idl = { encoding: 'ros2idl', text: JOINT_STATE_IDL };
    for (const options of [{}, { schema: idl }]) {
      const [, { message }] = (await all(await made(options))) as [BagMessage, BagMessage];
      const { stamp } = (message as { header: { stamp: unknown } }).header;
      assert.deepEqual(stamp, { sec: 1, nanosec: 50_000_000 });
    }
  });

  it('reads zstd and lz4 chunks that other programs packed', async () => {
    assert.deepEqual(await firstJoints(join(FIXTURES, 'zstd.mcap')), EXPECTED);
    assert.deepEqual(await firstJoints(join(FIXTURES, 'lz4.mcap')), EXPECTED);
  });

  it('brings messages into the order of their log time', async () => {
    const entries = jointStates(COUNT);
    for (let i = 0; i + 1 < COUNT; i += 2) entries.splice(i, 2, entries[i + 1]!, entries[i]!);
    assert.deepEqual(await firstJoints(put(await makeMcap(entries))), EXPECTED);
    const whole = await makeMcap(entries, { index: false, chunkSize: 1e6 });
    assert.deepEqual(await firstJoints(put(whole)), EXPECTED);
  });

  it('skips an unrelated topic that it could not decode', async () => {
    const other = { topic: '/other', type: 'sensor_msgs/msg/Image', logTimeNs: 5n, message: {} };
    const path = put(await makeMcap([other, ...jointStates(3)]));
    assert.equal((await firstJoints(path)).length, 3);
  });

  describe('a file that ends in the middle', () => {
    for (const [name, options] of Object.entries({
      'with chunks': {},
      'without chunks': { chunks: false, index: false },
    })) {
      it(`${name} gives what lies before its end, and a warning`, async () => {
        const bytes = await makeMcap(jointStates(COUNT), options);
        let longest = 0;
        for (let end = 400; end < bytes.length * 0.9; end += 137) {
          const warnings: string[] = [];
          const joints = await firstJoints(put(bytes.subarray(0, end)), warnings);
          assert.deepEqual(joints, EXPECTED.slice(0, joints.length));
          assert.ok(joints.length >= longest, 'a longer file gives less');
          if (joints.length < COUNT) assert.match(warnings.join(), /ends in the middle/);
          longest = joints.length;
        }
        assert.ok(longest >= 30, `only ${longest} messages of the longest file`);
      });
    }

    it('in a compressed chunk gives the chunks before', async () => {
      const bytes = readFileSync(join(FIXTURES, 'lz4.mcap'));
      const warnings: string[] = [];
      assert.deepEqual(await firstJoints(put(bytes.subarray(0, 1500)), warnings), []);
      assert.equal(warnings.length, 1);
    });
  });

  describe('a rosbag2 directory', () => {
    const split = async (metadata: object): Promise<string> => {
      mkdirSync(directory.at('bag'));
      const entries = jointStates(COUNT);
      put(await makeMcap(entries.slice(0, 25)), 'bag/bag_0.mcap');
      put(await makeMcap(entries.slice(25)), 'bag/bag_1.mcap');
      const information = {
        version: 9,
        storage_identifier: 'mcap',
        relative_file_paths: ['bag_0.mcap', 'bag_1.mcap'],
        compression_format: '',
        compression_mode: '',
        ...metadata,
      };
      const yaml = JSON.stringify({ rosbag2_bagfile_information: information });
      writeFileSync(directory.at('bag/metadata.yaml'), yaml);
      return directory.at('bag');
    };

    it('is read split by split', async () => {
      const path = await split({});
      assert.deepEqual(await firstJoints(path), EXPECTED);
      const summary = await bagSummary(path);
      assert.equal(summary.files.length, 2);
      assert.equal(summary.topics[0]!.messages, COUNT);
      assert.deepEqual([summary.startNs, summary.endNs], [1_001_000_000n, 2_951_000_000n]);
    });

    const refused: [string, object, RegExp][] = [
      [
        'a split that is gone',
        { relative_file_paths: ['gone.mcap'] },
        /gone\.mcap: does not exist/,
      ],
      ['files outside', { relative_file_paths: ['../../etc/passwd'] }, /outside the bag/],
      ['storage sqlite3', { storage_identifier: 'sqlite3' }, /stored as sqlite3/],
      [
        'file compression',
        { compression_mode: 'FILE', compression_format: 'zstd' },
        /compression_mode FILE \(zstd\) is not read/,
      ],
      ['no list of files', { relative_file_paths: undefined }, /relative_file_paths/],
    ];
    for (const [name, metadata, message] of refused) {
      it(`with ${name} is refused`, async () => refuses(await split(metadata), message));
    }

    it('without metadata.yaml, or with another file in its place, is refused', async () => {
      await refuses(directory.path, /has no metadata\.yaml/);
      writeFileSync(directory.at('metadata.yaml'), '{ not: [ yaml');
      await refuses(directory.path, /metadata\.yaml: is not YAML/);
      writeFileSync(directory.at('metadata.yaml'), 'a: &a [1]\nb: [*a, *a]');
      await refuses(directory.path, /metadata\.yaml/);
    });
  });

  describe('refuses', () => {
    it('what is no MCAP file', async () => {
      await refuses(directory.at('none.mcap'), /does not exist/);
      await refuses(put(Buffer.alloc(0)), /is not an MCAP file/);
      await refuses(put(Buffer.from('SQLite format 3\0 and more')), /is not an MCAP file/);
      await refuses(put(Buffer.alloc(4096, 7)), /is not an MCAP file/);
    });

    it('a chunk whose bytes were changed', async () => {
      for (const options of [{}, { index: false }]) {
        const bytes = Buffer.from(await makeMcap(jointStates(COUNT), options));
        bytes[Math.floor(bytes.length / 3)]! ^= 0xff;
        await refuses(put(bytes), /bag\.mcap: is damaged: /);
      }
    });

    it('a chunk that unpacks to more than it may', async () => {
      const bytes = readFileSync(join(FIXTURES, 'lz4.mcap'));
      const chunk = bytes.indexOf('lz4') - 4 - 28;
      bytes.writeBigUInt64LE(2n ** 40n, chunk + 16);
      await refuses(put(bytes), /a chunk of 1099511627776 bytes is too large/);
    });

    it('a compression it does not know', async () => {
      const compressChunk = (compressedData: Uint8Array) => ({
        compression: 'rar',
        compressedData,
      });
      await refuses(await made({ compressChunk }), /Unsupported compression rar/);
    });

    it('definitions that cannot be used, naming the topic', async () => {
      const schema = (encoding: string, text: string): Promise<string> =>
        made({ schema: { encoding, text } });
      await refuses(
        await schema('protobuf', ''),
        /topic \/joint_states: .* 'protobuf' is not ros2msg/,
      );
      await refuses(await schema('ros2msg', 'float64[ position ]'), /JointState cannot be used/);
      await refuses(await schema('ros2idl', 'module {'), /JointState cannot be used/);
      await refuses(await schema('ros2msg', 'Gone gone'), /gone has the undefined type|Gone/);
      await refuses(await schema('ros2msg', '#'.repeat(300_000)), /definition has 300000 bytes/);
      await refuses(await made({ messageEncoding: 'json' }), /encoded as 'json', not cdr/);
    });

    it('messages that are shorter than their definition says', async () => {
      const short = await made({ mangle: (cdr) => cdr.subarray(0, cdr.length - 20) });
      await refuses(
        short,
        /topic \/joint_states: a message does not fit its definition: position /,
      );
    });

    it('sequences longer than the message, before memory is taken for them', async () => {
      const cdr = encodeCdr('sensor_msgs/msg/JointState', jointState(0n, []));
      // Behind the header: stamp, frame_id (1 byte and its length, padded), then the number of names.
      for (const count of [33_000_000, 0xffffffff]) {
        const path = await made({
          mangle: () => {
            const hostile = Buffer.from(cdr);
            hostile.writeUInt32LE(count, 20);
            return hostile;
          },
        });
        const before = process.memoryUsage().rss;
        await refuses(path, /name needs /);
        assert.ok(process.memoryUsage().rss - before < 64e6, 'took memory');
      }
    });
  });

  it('never fails in any other way, whatever the bytes are', async function () {
    this.timeout(60_000);
    const seeds = await Promise.all(
      [{}, { index: false }, { chunks: false, index: false }].map((options) =>
        makeMcap(jointStates(6), { chunkSize: 300, ...options }),
      ),
    );
    seeds.push(readFileSync(join(FIXTURES, 'lz4.mcap')), readFileSync(join(FIXTURES, 'zstd.mcap')));
    const edit = fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }),
    });
    const path = directory.at('fuzz.mcap');
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...seeds),
        fc.array(edit, { minLength: 1, maxLength: 4 }),
        fc.double({ min: 0.2, max: 1.5, noNaN: true }),
        async (seed, edits, keep) => {
          const bytes = Buffer.from(seed);
          for (const { at, bytes: value } of edits) {
            bytes.set(value, Math.floor(at * (bytes.length - 8)));
          }
          writeFileSync(path, bytes.subarray(0, Math.ceil(bytes.length * Math.min(keep, 1))));
          try {
            await all(path);
            await bagSummary(path);
          } catch (error) {
            assert.ok(error instanceof BadInput, `${(error as Error).stack}`);
          }
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('leaves a bag as it was', async () => {
    cpSync(DEMO_BAG, directory.at('copy'), { recursive: true });
    const file = directory.at('copy/bag_policy_tiny.mcap');
    const before = readFileSync(file);
    await all(directory.at('copy'));
    assert.ok(before.equals(readFileSync(file)));
  });
});
