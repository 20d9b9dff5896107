import assert from 'node:assert/strict';
import { BadInput } from '../../src/errors.js';
import {
  readTensor,
  TorchStorage,
  TorchTensor,
  type TorchDType,
} from '../../src/importers/torch_tensor.js';

const view = (
  dtype: TorchDType,
  size: number,
  shape: number[],
  strides: number[],
  offset = 0,
): TorchTensor =>
  new TorchTensor(new TorchStorage('0', dtype, size), dtype, offset, shape, strides);
const bytesOf = (values: ArrayBufferView): Buffer =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength);
const six = bytesOf(Float32Array.of(0, 1, 2, 3, 4, 5));

describe('torch tensor', () => {
  it('copies row-major, transposed and offset views', () => {
    const read = (shape: number[], strides: number[], offset = 0): number[] => [
      ...readTensor(view('float32', 6, shape, strides, offset), six, 'x').data,
    ];
    assert.deepEqual(read([2, 3], [3, 1]), [0, 1, 2, 3, 4, 5]);
    assert.deepEqual(read([3, 2], [1, 3]), [0, 3, 1, 4, 2, 5]);
    assert.deepEqual(read([2, 2], [3, 1], 1), [1, 2, 4, 5]);
    assert.deepEqual(read([2], [1], 4), [4, 5]);
    assert.deepEqual(read([2, 1, 3], [3, 99, 1]), [0, 1, 2, 3, 4, 5]);
    assert.deepEqual(read([], []), [0]);
    assert.deepEqual(read([0, 4], [4, 1]), []);
  });

  it('reads every element type', () => {
    const read = (dtype: TorchDType, values: ArrayBufferView, size: number): number[] => [
      ...readTensor(view(dtype, size, [size], [1]), bytesOf(values), 'x').data,
    ];
    assert.deepEqual(read('float64', Float64Array.of(0.5, -2), 2), [0.5, -2]);
    // 1, -2, smallest subnormal, infinity, largest.
    const halves = Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7c00, 0x7bff);
    assert.deepEqual(read('float16', halves, 5), [1, -2, 2 ** -24, Infinity, 65504]);
    assert.ok(Number.isNaN(read('float16', Uint16Array.of(0x7e00), 1)[0]));
    assert.deepEqual(read('bfloat16', Uint16Array.of(0x3f80, 0xc040), 2), [1, -3]);
    assert.deepEqual(read('int64', BigInt64Array.of(-5n, 7n), 2), [-5, 7]);
    assert.deepEqual(read('int32', Int32Array.of(-5), 1), [-5]);
    assert.deepEqual(read('int16', Int16Array.of(-5), 1), [-5]);
    assert.deepEqual(read('int8', Int8Array.of(-5), 1), [-5]);
    assert.deepEqual(read('uint8', Uint8Array.of(250), 1), [250]);
    assert.deepEqual(read('bool', Uint8Array.of(0, 2), 2), [0, 1]);
  });

  it('refuses views beyond their storage', () => {
    const refuses = (tensor: TorchTensor): void => {
      assert.throws(() => readTensor(tensor, six, 'x'), BadInput);
    };
    refuses(view('float32', 6, [7], [1]));
    refuses(view('float32', 6, [6], [1], 1));
    refuses(view('float32', 6, [2, 3], [4, 1]));
    refuses(view('float32', 6, [2], [Number.MAX_SAFE_INTEGER]));
    refuses(view('float32', 6, [1], [1], Number.MAX_SAFE_INTEGER));
    refuses(view('float64', 6, [6], [1]));
    // An expanded tensor would be far larger than the file.
    refuses(view('float32', 6, [2 ** 40], [0]));
  });
});
