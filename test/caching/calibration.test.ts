import assert from 'node:assert/strict';
import {
  checkCalibrationFits,
  decodeCalibration,
  encodeCalibration,
} from '../../src/caching/calibration.js';
import { decodeSafetensors, encodeSafetensors } from '../../src/policy/safetensors.js';
import { BadInput } from '../../src/errors.js';
import { calibrationOf, POLICY, randomFeatures } from './random_features.js';

describe('calibration file', () => {
  const calibration = calibrationOf(randomFeatures(2, 6, 30, 1));
  const { tensors, metadata } = encodeCalibration(calibration);
  const file = { tensors: new Map(tensors), metadata };

  it('reads back what was written', () => {
    const bytes = encodeSafetensors(tensors, metadata);
    assert.deepEqual(decodeCalibration(decodeSafetensors(bytes, 'c'), 'c'), calibration);
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
