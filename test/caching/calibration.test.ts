import assert from 'node:assert/strict';
import {
  checkCalibrationFits,
  decodeCalibration,
  encodeCalibration,
} from '../../src/caching/calibration.js';
import { decodeSafetensors, encodeSafetensors } from '../../src/policy/safetensors.js';
import { BadInput } from '../../src/errors.js';
import { normals } from '../support/seeded_random.js';
import { calibrationOf, POLICY, randomFeatures } from './random_features.js';

describe('calibration file', () => {
  const calibration = calibrationOf(randomFeatures(2, 6, 30, 1));
  const { tensors, metadata } = encodeCalibration(calibration);
  const file = { tensors: new Map(tensors), metadata };

  it('reads back what was written', () => {
    const bytes = encodeSafetensors(tensors, metadata);
    assert.deepEqual(decodeCalibration(decodeSafetensors(bytes, 'c'), 'c'), calibration);
  });

  it('keeps dense runs and what cameras showed', () => {
    const [samples, steps, size] = [5, 6, 4];
    const floats = (seed: number, length: number): Float32Array => normals(seed, length);
    const whole = {
      ...calibration,
      trajectories: {
        samples,
        condition: floats(1, samples * 3),
        episodes: Int32Array.of(7, 7, 9, 9, 4),
        observations: Int32Array.of(0, 1, 2, 2, 3),
        states: Array.from({ length: steps + 1 }, (_, k) => floats(10 + k, samples * size)),
        clean: Array.from({ length: steps }, (_, k) => floats(20 + k, samples * size)),
      },
      pictures: new Map([
        ['front', { thumbnails: [floats(2, 144), floats(3, 144)], episodes: Int32Array.of(7, 9) }],
      ]),
    };
    const written = encodeCalibration(whole);
    const bytes = encodeSafetensors(written.tensors, written.metadata);
    const read = decodeCalibration(decodeSafetensors(bytes, 'c'), 'c');
    assert.deepEqual(read, whole);
    for (const [name, shape] of [
      ['trajectory.clean', [steps, samples, size]],
      ['trajectory.episode', [samples]],
    ] as const) {
      const tensors = new Map(written.tensors);
      tensors.delete(name);
      const message = new RegExp(`c: has no tensor '${name}' \\[${shape.join(', ')}\\]`);
      assert.throws(() => decodeCalibration({ ...written, tensors }, 'c'), message);
    }
    const states = written.tensors.find(([name]) => name === 'trajectory.states')![1];
    (states.data as Float32Array)[3] = NaN;
    const tensors = new Map(written.tensors);
    assert.throws(
      () => decodeCalibration({ ...written, tensors }, 'c'),
      /'trajectory\.states' holds no finite numbers/,
    );
    tensors.delete('trajectory.condition');
    tensors.delete('picture_episode.front');
    assert.throws(() => decodeCalibration({ ...written, tensors }, 'c'), /'picture\.front'/);
  });

  const refused = (changed: Partial<typeof file>, message: RegExp): void => {
    assert.throws(
      () => decodeCalibration({ ...file, ...changed }, 'c'),
      (error) => error instanceof BadInput && message.test(error.message),
    );
  };
  const without = (name: string): typeof file.tensors => {
    const rest = new Map(file.tensors);
    rest.delete(name);
    return rest;
  };

  it('refuses a block without features', () => {
    refused(
      { tensors: without('squared_norm.1.feed_forward') },
      /no tensor 'squared_norm\.1\.feed_forward' \[6\]/,
    );
  });

  it('refuses another shape, another type and values that are no sums', () => {
    const name = 'absolute_difference.0.self_attention';
    const put = (tensor: Parameters<typeof file.tensors.set>[1]): typeof file.tensors =>
      new Map(file.tensors).set(name, tensor);
    const data = new Float64Array(36);
    refused({ tensors: put({ dtype: 'F64', shape: [36], data }) }, /no tensor/);
    refused({ tensors: put({ dtype: 'F32', shape: [6, 6], data: new Float32Array(36) }) }, /F64/);
    refused({ tensors: put({ dtype: 'F64', shape: [6, 6], data: data.with(3, NaN) }) }, /values/);
    refused({ tensors: put({ dtype: 'F64', shape: [6, 6], data: data.with(3, -1) }) }, /values/);
  });

  it('refuses metadata that is missing or wrong', () => {
    refused({ metadata: {} }, /format: /);
    refused({ metadata: { ...metadata, steps: '-3' } }, /steps: /);
    refused({ metadata: { ...metadata, sources: '{' } }, /the top level/);
    refused({ metadata: { ...metadata, policy_sha256: 'no' } }, /policy_sha256: /);
  });

  it('is refused for another policy', () => {
    const target = { policySha256: POLICY, layers: 2, steps: 6, solver: 'ddpm' } as const;
    checkCalibrationFits(calibration, target, 'c');
    const other = { ...target, policySha256: 'cd'.repeat(32) };
    assert.throws(
      () => checkCalibrationFits(calibration, other, 'c'),
      /calibration of another policy/,
    );
    assert.throws(
      () => checkCalibrationFits(calibration, { ...target, layers: 3 }, 'c'),
      /holds 6 blocks and 6 steps, which is not the policy's 3 layers/,
    );
  });
});
