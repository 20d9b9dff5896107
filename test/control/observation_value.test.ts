import assert from 'node:assert/strict';
import { CameraFrame } from '../../src/control/camera_frame.js';
import { namedJoints, observationValue, stampOf } from '../../src/control/observation_value.js';
import { BadInput } from '../../src/errors.js';
import type { ObservationSource } from '../../src/policy/manifest.js';
import { header, jointState } from '../bag/make_bag.js';

const JOINTS: ObservationSource = {
  name: 'arm',
  topic: 'joint_states',
  type: 'sensor_msgs/msg/JointState',
  field: 'position',
  names: ['b', 'a'],
};
const POSE = {
  header: header(3_000_000_004n),
  pose: { position: { x: 1, y: 2, z: 3 }, orientation: { x: 4, y: 5, z: 6, w: 7 } },
};
const ARRAY: ObservationSource = {
  name: 'force',
  topic: 'force',
  type: 'std_msgs/msg/Float64MultiArray',
  field: 'data',
  size: 2,
};

function pose(field: 'pose' | 'position' | 'orientation'): ObservationSource {
  return { name: 'cube', topic: 'cube', type: 'geometry_msgs/msg/PoseStamped', field };
}

function valueOf(source: ObservationSource, message: unknown): unknown {
  return observationValue(source, source.type, message, 'bag, topic /x');
}

function refuses(source: ObservationSource, message: unknown, what: RegExp): void {
  assert.throws(
    () => valueOf(source, message),
    (error: unknown) => error instanceof BadInput && what.test(error.message),
  );
}

describe('observationValue', () => {
  it('takes joints by name, in the order of the source', () => {
    const message = jointState(0n, [1, 2, 3], ['a', 'other', 'b']);
    assert.deepEqual(valueOf(JOINTS, message), Float64Array.of(3, 1));
    const typed = jointState(0n, Float64Array.of(1, 2, 3) as unknown as number[], ['a', 'x', 'b']);
    assert.deepEqual(valueOf(JOINTS, typed), Float64Array.of(3, 1));
  });

  it('takes a pose as position xyz, then quaternion xyzw', () => {
    assert.deepEqual(valueOf(pose('pose'), POSE), Float64Array.of(1, 2, 3, 4, 5, 6, 7));
    assert.deepEqual(valueOf(pose('position'), POSE), Float64Array.of(1, 2, 3));
    assert.deepEqual(valueOf(pose('orientation'), POSE), Float64Array.of(4, 5, 6, 7));
  });

  it('takes an array of the right length', () => {
    assert.deepEqual(valueOf(ARRAY, { data: [1, 2] }), Float64Array.of(1, 2));
    refuses(ARRAY, { data: [1, 2, 3] }, /\/x: has 3 values, the policy needs 2/);
  });

  it('names a missing joint and those present', () => {
    refuses(JOINTS, jointState(0n, [1, 2], ['a', 'c']), /\/x: has no joint b, only a, c/);
    const three = { ...JOINTS, names: ['b', 'a', 'd'] };
    refuses(three, jointState(0n, [1, 2], ['a', 'c']), /\/x: has no joint b, d, only a, c/);
  });

  it('passes over messages of other joints', () => {
    assert.equal(valueOf(JOINTS, jointState(0n, [1, NaN], ['c', 'd'])), undefined);
    assert.equal(valueOf(JOINTS, jointState(0n, [], [])), undefined);
    assert.deepEqual(namedJoints(jointState(0n, [1, 2], ['c', 'd']), 'x'), ['c', 'd']);
  });

  it('refuses compressed depth pictures, by their format', () => {
    const camera: ObservationSource = {
      name: 'front',
      topic: 'camera',
      type: 'sensor_msgs/msg/CompressedImage',
      size: [8, 12],
    };
    for (const format of ['16UC1; compressedDepth png', '32FC1; compressedDepth', '16UC1; png']) {
      const what = new RegExp(`/x: format '${format}' is a depth picture`);
      refuses(camera, { format, data: new Uint8Array(9) }, what);
    }
    for (const format of ['jpeg', 'rgb8; jpeg compressed bgr8', 'mono8; png compressed mono8']) {
      assert.ok(valueOf(camera, { format, data: new Uint8Array(9) }) instanceof CameraFrame);
    }
  });

  it('says when a joint has no velocity', () => {
    refuses(
      { ...JOINTS, field: 'velocity' },
      jointState(0n, [1, 2], ['a', 'b']),
      /b has no velocity/,
    );
  });

  it('refuses values that are not finite, naming them', () => {
    refuses(JOINTS, jointState(0n, [1, NaN], ['a', 'b']), /position of b is NaN/);
    const far = { ...POSE.pose, position: { x: 1, y: -Infinity, z: 0 } };
    refuses(pose('pose'), { ...POSE, pose: far }, /pose of value 1 is -Infinity/);
  });

  it('refuses messages that are not of the type', () => {
    refuses(JOINTS, { header: header(0n) }, /name is not what sensor_msgs\/msg\/JointState has/);
    refuses(pose('pose'), { pose: { position: 3 } }, /pose\.position is not what/);
    refuses(JOINTS, jointState(0n, ['1'] as unknown as number[], ['a']), /position is not what/);
    refuses(ARRAY, null, /message is not what/);
  });
});

describe('stampOf', () => {
  it('is the header stamp, or the time of receipt where there is no header', () => {
    assert.equal(stampOf(pose('pose'), POSE, 9n, 'x'), 3_000_000_004n);
    assert.equal(stampOf(ARRAY, { data: [] }, 9n, 'x'), 9n);
    assert.throws(() => stampOf(pose('pose'), {}, 9n, 'x'), BadInput);
  });
});
