import { BadInput } from '../errors.js';
import { halfToNumber } from '../policy/half_precision.js';
import { elementCount, floatTensor, type FloatTensor } from '../policy/safetensors.js';

/** How one element of each type is read, and its size in bytes. */
const READERS = {
  float32: { bytes: 4, read: (view: DataView, at: number) => view.getFloat32(at, true) },
  float64: { bytes: 8, read: (view: DataView, at: number) => view.getFloat64(at, true) },
  float16: {
    bytes: 2,
    read: (view: DataView, at: number) => halfToNumber(view.getUint16(at, true)),
  },
  bfloat16: {
    bytes: 2,
    read: (view: DataView, at: number) => bfloat16ToNumber(view.getUint16(at, true)),
  },
  int64: { bytes: 8, read: (view: DataView, at: number) => Number(view.getBigInt64(at, true)) },
  int32: { bytes: 4, read: (view: DataView, at: number) => view.getInt32(at, true) },
  int16: { bytes: 2, read: (view: DataView, at: number) => view.getInt16(at, true) },
  int8: { bytes: 1, read: (view: DataView, at: number) => view.getInt8(at) },
  uint8: { bytes: 1, read: (view: DataView, at: number) => view.getUint8(at) },
  bool: { bytes: 1, read: (view: DataView, at: number) => (view.getUint8(at) === 0 ? 0 : 1) },
} as const;

/** Element types of torch that can be read. */
export type TorchDType = keyof typeof READERS;

/** Whether this is the name of an element type that can be read. */
export function isTorchDType(name: unknown): name is TorchDType {
  return typeof name === 'string' && Object.hasOwn(READERS, name);
}

/** A piece of memory that tensors share: one entry `data/KEY` of the checkpoint. */
export class TorchStorage {
  /**
   * @param dtype type of its elements; undefined for untyped ones, whose elements are bytes
   * @param size number of elements
   */
  constructor(
    readonly key: string,
    readonly dtype: TorchDType | undefined,
    readonly size: number,
  ) {}

  /** Size in bytes. */
  get bytes(): number {
    return this.size * (this.dtype ? READERS[this.dtype].bytes : 1);
  }
}

/** A strided view of a storage; nothing is read until {@link readTensor}. */
export class TorchTensor {
  /**
   * @param offset first element, in elements of the storage
   * @param strides elements between neighbours, per dimension
   */
  constructor(
    readonly storage: TorchStorage,
    readonly dtype: TorchDType,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
  ) {}

  /** Whether both name the same elements of the same memory. */
  isSameView(other: TorchTensor): boolean {
    return (
      this.storage.key === other.storage.key &&
      this.dtype === other.dtype &&
      this.offset === other.offset &&
      this.shape.join() === other.shape.join() &&
      this.strides.join() === other.strides.join()
    );
  }
}

/**
 * Copies a tensor out of its storage, row-major, as 32-bit floats.
 * @param storage the storage's bytes, little-endian
 * @param where file and tensor, for error messages
 * @throws BadInput when the view reaches beyond the storage
 */
export function readTensor(tensor: TorchTensor, storage: Buffer, where: string): FloatTensor {
  const { bytes, read } = READERS[tensor.dtype];
  const { shape, strides, offset } = tensor;
  const count = elementCount(shape);
  const available = Math.floor(storage.length / bytes);
  const last = shape.reduce((sum, size, i) => sum + (size - 1) * strides[i]!, offset);
  // A view that repeats elements (stride 0) could name more of them than memory holds.
  if (count > 0 && (last >= available || count > available)) {
    throw new BadInput(
      `reaches beyond its storage (element ${last} of ${available}, ${count} in all)`,
      where,
      'the checkpoint is damaged: save or copy it again',
    );
  }
  const data = new Float32Array(count);
  if (tensor.dtype === 'float32' && isRowMajor(shape, strides)) {
    storage.copy(new Uint8Array(data.buffer), 0, offset * bytes, (offset + count) * bytes);
    return floatTensor(shape, data);
  }
  const view = new DataView(storage.buffer, storage.byteOffset, storage.byteLength);
  const index = shape.map(() => 0);
  let position = offset;
  for (let i = 0; i < count; i++) {
    data[i] = read(view, position * bytes);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      position += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      position -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return floatTensor(shape, data);
}

function isRowMajor(shape: readonly number[], strides: readonly number[]): boolean {
  return strides.every(
    (stride, i) => shape[i] === 1 || stride === elementCount(shape.slice(i + 1)),
  );
}

/** The upper half of an IEEE 754 binary32. */
function bfloat16ToNumber(bits: number): number {
  SCRATCH.setUint32(0, bits << 16);
  return SCRATCH.getFloat32(0);
}
const SCRATCH = new DataView(new ArrayBuffer(4));
