import assert from 'node:assert/strict';
import { observationLayout } from '../../src/control/observation_layout.js';
import { BadInput } from '../../src/errors.js';
import type { ObservationSource } from '../../src/policy/manifest.js';
import { IMAGE_INPUT, policyManifest, vectorInput } from './policy_manifest.js';

function joints(name: string, names: string[], input?: string): ObservationSource {
  return {
    name,
    topic: 'joint_states',
    type: 'sensor_msgs/msg/JointState',
    field: 'position',
    names,
    ...(input === undefined ? {} : { input }),
  };
}

const CUBE: ObservationSource = {
  name: 'cube',
  topic: 'cube_pose',
  type: 'geometry_msgs/msg/PoseStamped',
  field: 'position',
};
const CAMERA: ObservationSource = {
  name: 'front',
  topic: 'camera/image_raw',
  type: 'sensor_msgs/msg/Image',
  size: [8, 12],
};

describe('observationLayout', () => {
  const layout = (
    sources: ObservationSource[] | undefined,
    inputs = [vectorInput('observation', 5)],
  ): (readonly number[])[] =>
    observationLayout(
      policyManifest({ inputs, ...(sources ? { observation_sources: sources } : {}) }),
      'package',
    ).inputs.map(({ sources: filledBy }) => filledBy);
  const refuses = (what: RegExp, ...args: Parameters<typeof layout>): void => {
    assert.throws(
      () => layout(...args),
      (error: unknown) => error instanceof BadInput && what.test(error.message),
    );
  };

  it('puts sources end to end when there is one vector input', () => {
    assert.deepEqual(layout([joints('arm', ['a', 'b']), CUBE]), [[0, 1]]);
  });

  it('finds inputs by the field input, else by name', () => {
    const inputs = [
      vectorInput('cube', 3),
      IMAGE_INPUT,
      vectorInput('arm', 1),
      vectorInput('hand', 1),
    ];
    const sources = [joints('arm', ['a']), joints('x', ['b'], 'hand'), CAMERA, CUBE];
    assert.deepEqual(layout(sources, inputs), [[3], [2], [0], [1]]);
  });

  it('says which field is missing and how to add it', () => {
    refuses(/package: observation_sources is missing.*bac-policy import .* --sources/, undefined);
    refuses(/observation_sources is missing/, []);
  });

  it('refuses sources that do not make up the inputs', () => {
    refuses(/input 'observation' give 3 values, not 5/, [CUBE]);
    refuses(/'front' fills no image input \(there are: none\)/, [CAMERA]);
    const two = [vectorInput('cube', 3), vectorInput('arm', 1)];
    refuses(
      /'other' fills no vector input \(there are: cube, arm\)/,
      [CUBE, joints('other', ['a'])],
      two,
    );
    refuses(/no observation source fills input 'arm'/, [CUBE], two);
    refuses(/'arm' fills no vector input/, [joints('arm', ['a'], 'gone')], two);
  });

  it('refuses two cameras of one input, and a camera of another size', () => {
    const camera = (size: [number, number]): ObservationSource => ({ ...CAMERA, size });
    refuses(/has 2 cameras/, [CAMERA, { ...CAMERA, name: 'image' }], [IMAGE_INPUT]);
    refuses(/'front' is to give 12x12 pixels .* expects 8x12/, [camera([12, 12])], [IMAGE_INPUT]);
  });
});
