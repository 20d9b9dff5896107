import assert from 'node:assert/strict';
import { MessageReader } from '@foxglove/rosmsg2-serialization';
import fc from 'fast-check';
import { checkCdrBounds } from '../../src/bag/cdr_bounds.js';
import { parseMessageSchema, type MessageDefinition } from '../../src/bag/message_schema.js';
import { encodeCdr, header, jointState, SCHEMAS } from './make_bag.js';

function definitions(text: string): MessageDefinition[] {
  return parseMessageSchema('ros2msg', Buffer.from(text));
}

const MESSAGES: Readonly<Record<string, unknown>> = {
  'sensor_msgs/msg/JointState': jointState(1n, [1, 2, 3], ['a', 'joint two', '']),
  'geometry_msgs/msg/PoseStamped': {
    header: header(5n),
    pose: { position: { x: 1, y: 2, z: 3 }, orientation: { x: 0, y: 0, z: 0, w: 1 } },
  },
  'sensor_msgs/msg/Image': {
    header: header(5n),
    height: 2,
    width: 1,
    encoding: 'rgb8',
    is_bigendian: 0,
    step: 3,
    data: new Uint8Array(6),
  },
  'std_msgs/msg/Float64MultiArray': {
    layout: { dim: [{ label: 'x', size: 2, stride: 2 }], data_offset: 0 },
    data: [1, 2],
  },
};

describe('checkCdrBounds', () => {
  for (const [type, message] of Object.entries(MESSAGES)) {
    it(`accepts ${type} and no part of it`, () => {
      const types = definitions(SCHEMAS[type]!);
      const cdr = encodeCdr(type, message);
      checkCdrBounds(types, cdr);
      for (let length = 0; length < cdr.length; length++) {
        assert.throws(() => {
          checkCdrBounds(types, cdr.subarray(0, length));
        }, `${length} of ${cdr.length} bytes`);
      }
    });

    it(`accepts of ${type} only bytes that then decode`, () => {
      const types = definitions(SCHEMAS[type]!);
      const reader = new MessageReader(types);
      const cdr = encodeCdr(type, message);
      let accepted = 0;
      const place = fc.tuple(fc.nat(cdr.length - 1), fc.nat(255));
      fc.assert(
        fc.property(fc.array(place, { maxLength: 4 }), (edits) => {
          const bytes = cdr.slice();
          for (const [at, value] of edits) bytes[at] = value;
          try {
            checkCdrBounds(types, bytes);
          } catch {
            return;
          }
          accepted++;
          reader.readMessage(bytes);
        }),
        { numRuns: 2000 },
      );
      assert.ok(accepted > 100);
    });
  }

  it('refuses definitions that would decode without end', () => {
    const cdr = new Uint8Array(64).fill(1);
    const refuses = (text: string, what: RegExp): void => {
      assert.throws(() => {
        checkCdrBounds(definitions(text), cdr);
      }, what);
    };
    const nested = (fields: string): string =>
      `pkg/Part x\n${'='.repeat(80)}\nMSG: pkg/Part\n${fields}`;
    refuses(nested('uint8 y\npkg/Part x'), /nested too deeply/);
    refuses(nested('uint8[0] x'), /has no size/);
    refuses('uint8[4000000000] x', /x needs 4000000000 bytes, 60 are left/);
    refuses('wstring x', /unsupported type wstring/);
  });

  it('accepts a message without fields, which has one byte', () => {
    checkCdrBounds(definitions('# nothing'), Uint8Array.of(0, 1, 0, 0, 0));
    assert.throws(() => {
      checkCdrBounds(definitions('# nothing'), Uint8Array.of(0, 1, 0, 0));
    });
  });

  it('refuses encodings other than plain CDR', () => {
    assert.throws(() => {
      checkCdrBounds(definitions('uint8 x'), Uint8Array.of(0, 3, 0, 0, 0));
    }, /encapsulation kind 3/);
  });
});
