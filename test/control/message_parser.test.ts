import assert from 'node:assert/strict';
import fc from 'fast-check';
import { CameraFrame } from '../../src/control/camera_frame.js';
import { MessageParser } from '../../src/control/message_parser.js';
import { BadInput } from '../../src/errors.js';
import type { ObservationSource } from '../../src/policy/manifest.js';
import { encodeCdr, header, jointState } from '../bag/make_bag.js';
import { FUZZ_RUNS, isRefused } from '../support/fuzz.js';

const STAMP = 3_000_000_004n;
const PICTURE = {
  header: header(STAMP),
  height: 2,
  width: 4,
  encoding: 'rgb8',
  is_bigendian: 0,
  step: 12,
  data: Uint8Array.from({ length: 24 }, (_, i) => i),
};

/** Every type of source, a message of it and the value that it gives. */
const CASES: readonly { source: ObservationSource; message: unknown; value?: number[] }[] = [
  {
    source: {
      name: 'arm',
      topic: 'joint_states',
      type: 'sensor_msgs/msg/JointState',
      field: 'position',
      names: ['b', 'a'],
    },
    message: jointState(STAMP, [1, 2, 3], ['a', 'odd', 'b']),
    value: [3, 1],
  },
  {
    source: {
      name: 'cube',
      topic: 'cube_pose',
      type: 'geometry_msgs/msg/PoseStamped',
      field: 'pose',
    },
    message: {
      header: header(STAMP),
      pose: { position: { x: 1, y: 2, z: 3 }, orientation: { x: 4, y: 5, z: 6, w: 7 } },
    },
    value: [1, 2, 3, 4, 5, 6, 7],
  },
  {
    source: {
      name: 'force',
      topic: 'force',
      type: 'std_msgs/msg/Float64MultiArray',
      field: 'data',
      size: 2,
    },
    message: {
      layout: { dim: [{ label: 'axis', size: 2, stride: 2 }], data_offset: 0 },
      data: [0.5, -1],
    },
    value: [0.5, -1],
  },
  {
    source: { name: 'front', topic: 'camera', type: 'sensor_msgs/msg/Image', size: [2, 4] },
    message: PICTURE,
  },
  {
    source: {
      name: 'front',
      topic: 'camera',
      type: 'sensor_msgs/msg/CompressedImage',
      size: [2, 4],
    },
    message: { header: header(STAMP), format: 'jpeg', data: new Uint8Array(30) },
  },
];
const [JOINTS, , , CAMERA] = CASES;

function parserOf({ source }: { source: ObservationSource }, type?: string): MessageParser {
  return new MessageParser(source, type ?? source.type, '/topic');
}

describe('MessageParser', () => {
  for (const { source, message, value } of CASES) {
    it(`reads ${source.type} from any place in memory`, () => {
      const cdr = encodeCdr(source.type, message);
      for (let offset = 0; offset < 8; offset++) {
        const bytes = Buffer.alloc(cdr.length + offset);
        bytes.set(cdr, offset);
        const parsed = parserOf({ source }).parse(bytes.subarray(offset), 9n);
        assert.equal(parsed.stampNs, source.name === 'force' ? 9n : STAMP);
        if (value) assert.deepEqual(parsed.value, Float64Array.from(value));
        else assert.ok(parsed.value instanceof CameraFrame);
        assert.ok(!('otherJoints' in parsed));
      }
    });

    it(`refuses damaged ${source.type} as BadInput only`, () => {
      const cdr = encodeCdr(source.type, message);
      const parser = parserOf({ source });
      const edits = fc.array(fc.tuple(fc.nat(cdr.length - 1), fc.nat(255)), { maxLength: 6 });
      const damaged = fc
        .tuple(edits, fc.oneof(fc.constant(cdr.length), fc.nat(cdr.length)))
        .map(([changes, length]) => {
          const bytes = cdr.slice(0, length);
          for (const [at, byte] of changes) if (at < length) bytes[at] = byte;
          return bytes;
        });
      let refused = 0;
      const parse = (bytes: Uint8Array): void => {
        if (isRefused(Buffer.from(bytes), () => parser.parse(bytes, 9n))) refused++;
      };
      fc.assert(fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 200 })), parse), {
        numRuns: FUZZ_RUNS,
      });
      assert.ok(refused > FUZZ_RUNS / 4, `only ${refused} refused`);
    });
  }

  it('shares the bytes of a picture', async () => {
    const cdr = encodeCdr(CAMERA!.source.type, CAMERA!.message);
    const { value } = parserOf(CAMERA!).parse(cdr, 0n);
    cdr[cdr.length - 1] = 99;
    const rgb = await (value as CameraFrame).rgb();
    assert.deepEqual([rgb[0], rgb[23]], [0, 99]);
  });

  it('takes compressed pictures in the place of raw ones', () => {
    const type = 'sensor_msgs/msg/CompressedImage';
    const cdr = encodeCdr(type, { ...PICTURE, format: 'png' });
    assert.ok(parserOf(CAMERA!, type).parse(cdr, 0n).value instanceof CameraFrame);
  });

  it('passes over joints of others, and says which they are', () => {
    const cdr = encodeCdr(JOINTS!.source.type, jointState(STAMP, [1], ['finger']));
    assert.deepEqual(parserOf(JOINTS!).parse(cdr, 0n), {
      stampNs: STAMP,
      value: undefined,
      otherJoints: ['finger'],
    });
  });

  it('says in one line, with the topic, why a message cannot be used', () => {
    const refuses = (index: number, message: unknown, what: RegExp): void => {
      const { source } = CASES[index]!;
      const cdr = encodeCdr(source.type, message);
      assert.throws(
        () => parserOf({ source }).parse(cdr, 0n),
        (error: unknown) => error instanceof BadInput && what.test(error.message),
      );
    };
    refuses(0, jointState(STAMP, [1], ['a']), /^\/topic: has no joint b, only a/);
    refuses(0, jointState(STAMP, [NaN, 1], ['a', 'b']), /^\/topic: position of a is NaN/);
    refuses(2, { layout: { dim: [], data_offset: 0 }, data: [1] }, /has 1 values, .* needs 2/);
    refuses(3, { ...PICTURE, encoding: '16UC1' }, /^\/topic: encoding '16UC1' is not supported/);
    refuses(3, { ...PICTURE, height: 3 }, /a picture of 4x3 rgb8 with step 12 has 24 bytes/);
    refuses(4, { ...PICTURE, format: '16UC1; compressedDepth png' }, /is a depth picture/);
    assert.throws(
      () => parserOf(JOINTS!).parse(Uint8Array.of(0, 1, 0, 0, 1), 0n),
      /^BadInput: \/topic: a message does not fit its definition: header.* same message definition$/,
    );
  });

  it('refuses messages without stamps from the second on', () => {
    const parser = parserOf(JOINTS!);
    const cdr = encodeCdr(JOINTS!.source.type, jointState(0n, [1, 2], ['a', 'b']));
    assert.equal(parser.parse(cdr, 5n).stampNs, 0n);
    assert.throws(() => parser.parse(cdr, 6n), /carry no time stamp/);
  });

  it('refuses a type that the source cannot be taken from', () => {
    assert.throws(
      () => parserOf(JOINTS!, 'sensor_msgs/msg/Image'),
      /\/topic: has messages of type sensor_msgs\/msg\/Image, the policy needs sensor_msgs\/msg\/Jo/,
    );
    assert.throws(() => parserOf(CAMERA!, 'sensor_msgs/msg/JointState'), BadInput);
  });

  it('is quick enough for a camera of 640x480 and for 500 joint states a second', () => {
    const medianMs = (parse: () => void): number => {
      const times = Array.from({ length: 300 }, () => {
        const started = performance.now();
        parse();
        return performance.now() - started;
      });
      return times.sort((a, b) => a - b)[150]!;
    };
    const { source, message } = JOINTS!;
    const joints = parserOf(JOINTS!);
    const cdr = encodeCdr(source.type, message);
    assert.ok(medianMs(() => joints.parse(cdr, 0n)) < 0.1);
    const size = { height: 480, width: 640, step: 1920, data: new Uint8Array(921_600) };
    const picture = encodeCdr(CAMERA!.source.type, { ...PICTURE, ...size });
    const camera = new MessageParser(
      { ...CAMERA!.source, size: [480, 640] } as ObservationSource,
      CAMERA!.source.type,
      '/camera',
    );
    assert.ok(medianMs(() => camera.parse(picture, 0n)) < 0.3);
  });
});
