import assert from 'node:assert/strict';
import { CameraFrame } from '../../src/control/camera_frame.js';
import { ConditionBuilder } from '../../src/control/condition_builder.js';
import { observationLayout } from '../../src/control/observation_layout.js';
import type { ObservationValue } from '../../src/control/observation_value.js';
import type { Observation, Stamped } from '../../src/control/observation_window.js';
import type { ObservationSource } from '../../src/policy/manifest.js';
import { IMAGE_INPUT, policyManifest, vectorInput } from './policy_manifest.js';

const CAMERA = {
  name: 'front',
  topic: 'camera',
  type: 'sensor_msgs/msg/Image',
  size: [8, 12] as [number, number],
} as const;
const ARRAYS = ['first', 'second'].map((name): ObservationSource => ({
  name,
  topic: name,
  type: 'std_msgs/msg/Float64MultiArray',
  field: 'data',
  size: name === 'first' ? 1 : 2,
}));

function picture(value: number): Stamped<ObservationValue> {
  const message = {
    height: 8,
    width: 12,
    encoding: 'mono8',
    step: 12,
    data: new Uint8Array(96).fill(value),
  };
  const frame = CameraFrame.of(CAMERA, 'sensor_msgs/msg/Image', message, 'x');
  return { stampNs: 0n, value: frame };
}

function vector(...values: number[]): Stamped<ObservationValue> {
  return { stampNs: 0n, value: Float64Array.from(values) };
}

describe('ConditionBuilder', () => {
  const manifest = policyManifest({
    inputs: [vectorInput('state', 3), IMAGE_INPUT],
    observation_sources: [CAMERA, ...ARRAYS],
  });
  const encoded: number[] = [];
  const builder = new ConditionBuilder(
    manifest,
    observationLayout(manifest, 'x'),
    async (name, rgb) => {
      assert.equal(name, 'image');
      assert.equal(rgb.length, 8 * 12 * 3);
      encoded.push(rgb[0]!);
      return Promise.resolve(Float32Array.of(rgb[0]!, rgb[1]! + 0.5, rgb[2]!));
    },
  );
  const observation = (...samples: Stamped<ObservationValue>[]): Observation<ObservationValue> => ({
    tickNs: 0n,
    samples,
  });

  it('normalises vectors, takes features as they are, in the order of the inputs', async () => {
    const first = picture(7);
    const condition = await builder.build([
      observation(first, vector(2), vector(4, -6)),
      observation(picture(8), vector(0), vector(0, 1)),
    ]);
    assert.deepEqual([...condition], [2, 3, -2, 7, 7.5, 7, 1, 1, 1.5, 8, 8.5, 8]);
  });

  it('encodes every picture once, however many windows it is in', async () => {
    encoded.length = 0;
    const [a, b, c] = [picture(1), picture(2), picture(3)];
    const rest = [vector(0), vector(0, 0)] as const;
    await builder.build([observation(a, ...rest), observation(a, ...rest)]);
    await builder.build([observation(a, ...rest), observation(b, ...rest)]);
    await builder.build([observation(b, ...rest), observation(c, ...rest)]);
    assert.deepEqual(encoded, [1, 2, 3]);
  });

  it('encodes a prefetched picture at once, and not again', async () => {
    encoded.length = 0;
    const [a, b] = [picture(1), picture(2)];
    const rest = [vector(0), vector(0, 0)] as const;
    builder.prefetch(0, a);
    builder.prefetch(1, rest[0]);
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(encoded, [1]);
    await builder.build([observation(a, ...rest), observation(b, ...rest)]);
    assert.deepEqual(encoded, [1, 2]);
  });

  it('says what is wrong with a prefetched picture when it is used', async () => {
    const type = 'sensor_msgs/msg/CompressedImage';
    const frame = CameraFrame.of(CAMERA, type, { format: 'png', data: Uint8Array.of(1) }, 'y');
    const samples = [{ stampNs: 0n, value: frame }, vector(0), vector(0, 0)];
    builder.prefetch(0, samples[0]!);
    await new Promise((resolve) => setTimeout(resolve, 10));
    await assert.rejects(builder.build([observation(...samples)]), /^BadInput: y: a compressed/);
  });
});
