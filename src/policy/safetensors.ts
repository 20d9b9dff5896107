import { BadInput } from '../errors.js';
import { readChecked, writeAtomically } from '../files.js';
import { exactHalves, widenedHalves } from './half_precision.js';

/** Element types of tensors in memory (names as in the safetensors header). */
export type DType = 'F32' | 'F64' | 'I32' | 'I64' | 'U8' | 'BOOL';

const ARRAY_OF = {
  F32: Float32Array,
  F64: Float64Array,
  I32: Int32Array,
  I64: BigInt64Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
} as const;

/** Element types of tensors in files: half precision becomes 'F32' when it is read. */
const STORED_AS = { ...ARRAY_OF, F16: Uint16Array } as const;

/** Flat values of a tensor in row-major order. */
export type TensorData = Float32Array | Float64Array | Int32Array | BigInt64Array | Uint8Array;

/** An n-dimensional array, row-major. */
export interface Tensor<D extends TensorData = TensorData> {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: D;
}

/** A tensor of 32-bit floats. */
export type FloatTensor = Tensor<Float32Array>;

/** Named tensors and the string metadata of one safetensors file. */
export interface TensorFile {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Number of elements of a shape; 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Makes a 32-bit float tensor. @throws RangeError when `data` does not fill `shape` */
export function floatTensor(shape: readonly number[], data: Float32Array): FloatTensor {
  if (elementCount(shape) !== data.length) {
    throw new RangeError(`shape [${shape.join(', ')}] does not hold ${data.length} values`);
  }
  return { dtype: 'F32', shape, data };
}

/** Headers above this size are refused: no file of this project comes near it. */
const MAX_HEADER_BYTES = 16 * 1024 * 1024;

/** Reads a safetensors file. @throws BadInput naming the file and the tensor that is wrong */
export async function readSafetensors(path: string, maxBytes: number): Promise<TensorFile> {
  return decodeSafetensors(await readChecked(path, maxBytes), path);
}

/**
 * Decodes the safetensors format: u64 header length, JSON header, then the tensors' bytes
 * (https://huggingface.co/docs/safetensors). Every offset is checked before it is used.
 */
export function decodeSafetensors(bytes: Buffer, where: string): TensorFile {
  const bad = (what: string): BadInput =>
    new BadInput(what, where, 'the file is damaged or not safetensors; make it again');
  if (bytes.length < 8) throw bad('is too short for a safetensors header');
  const headerLength = Number(bytes.readBigUInt64LE(0));
  if (headerLength > MAX_HEADER_BYTES || headerLength > bytes.length - 8) {
    throw bad(`declares a header of ${headerLength} bytes, which it does not hold`);
  }
  let header: unknown;
  try {
    header = JSON.parse(bytes.toString('utf8', 8, 8 + headerLength));
  } catch {
    throw bad('has a header that is not JSON');
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) {
    throw bad('has a header that is not a JSON object');
  }
  const body = bytes.subarray(8 + headerLength);
  const tensors = new Map<string, Tensor>();
  const metadata: Record<string, string> = {};
  // Tensors that share bytes would take more memory than the file has.
  let unclaimed = body.length;
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') {
      for (const [key, value] of Object.entries((entry ?? {}) as object)) {
        if (typeof value !== 'string') throw bad(`has metadata '${key}' that is not text`);
        metadata[key] = value;
      }
    } else {
      const { tensor, storedBytes } = decodeTensor(name, entry, body, unclaimed, bad);
      unclaimed -= storedBytes;
      tensors.set(name, tensor);
    }
  }
  return { tensors, metadata };
}

/** @param maxBytes of the file that no other tensor has taken */
function decodeTensor(
  name: string,
  entry: unknown,
  body: Buffer,
  maxBytes: number,
  bad: (what: string) => BadInput,
): { readonly tensor: Tensor; readonly storedBytes: number } {
  const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Record<string, unknown>;
  if (typeof dtype !== 'string') throw bad(`tensor '${name}' has no type`);
  if (!isStored(dtype)) {
    throw bad(`tensor '${name}' has type ${dtype}, which is not supported`);
  }
  if (!isSizes(shape)) throw bad(`tensor '${name}' has no valid shape`);
  if (!isSizes(offsets) || offsets.length !== 2) throw bad(`tensor '${name}' has no valid offsets`);
  const arrayType = STORED_AS[dtype];
  const [begin, end] = offsets as [number, number];
  const expected = elementCount(shape) * arrayType.BYTES_PER_ELEMENT;
  if (end > body.length || end - begin !== expected) {
    throw bad(
      `tensor '${name}' needs ${expected} bytes at ${begin}..${end}, the file is truncated`,
    );
  }
  if (expected > maxBytes) throw bad(`tensor '${name}' shares bytes with another`);
  // A copy: the file's alignment is not ours, and a view would keep the whole file alive.
  const copy = new ArrayBuffer(expected);
  new Uint8Array(copy).set(body.subarray(begin, end));
  const data = new arrayType(copy);
  const tensor: Tensor =
    data instanceof Uint16Array
      ? { dtype: 'F32', shape, data: widenedHalves(data) }
      : { dtype: dtype as DType, shape, data };
  return { tensor, storedBytes: expected };
}

function isStored(dtype: string): dtype is keyof typeof STORED_AS {
  return Object.hasOwn(STORED_AS, dtype);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

/** How tensors are written. */
export interface EncodingOptions {
  /** Stores as 'F16' each tensor of 32-bit floats that loses nothing by it. */
  readonly halvesWhereExact?: boolean;
}

/** Encodes tensors as safetensors, in the order given; the first begins at a multiple of 8 bytes. */
export function encodeSafetensors(
  tensors: Iterable<readonly [string, Tensor]>,
  metadata: Record<string, string> = {},
  { halvesWhereExact = false }: EncodingOptions = {},
): Buffer {
  const header = new Map<string, unknown>();
  if (Object.keys(metadata).length > 0) header.set('__metadata__', metadata);
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (const [name, tensor] of tensors) {
    const halves =
      halvesWhereExact && tensor.data instanceof Float32Array
        ? exactHalves(tensor.data)
        : undefined;
    const [dtype, data] = halves ? ['F16', halves] : [tensor.dtype, tensor.data];
    const { shape } = tensor;
    header.set(name, { dtype, shape, data_offsets: [offset, offset + data.byteLength] });
    parts.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    offset += data.byteLength;
  }
  const json = Buffer.from(JSON.stringify(Object.fromEntries(header)));
  const padded = Buffer.alloc(Math.ceil(json.length / 8) * 8, ' ');
  json.copy(padded);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  return Buffer.concat([length, padded, ...parts]);
}

/** Writes a safetensors file in one atomic step. */
export async function writeSafetensors(
  path: string,
  tensors: Iterable<readonly [string, Tensor]>,
  metadata: Record<string, string> = {},
): Promise<void> {
  await writeAtomically(path, encodeSafetensors(tensors, metadata));
}
