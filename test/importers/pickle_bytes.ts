import { OPCODE } from '../../src/importers/pickle_opcodes.js';

/** A tensor to be pickled as a view of storage `key`. */
export class FakeTensor {
  constructor(
    readonly key: string,
    readonly shape: readonly number[],
    readonly storage: 'FloatStorage' | 'HalfStorage' | 'CharStorage' = 'FloatStorage',
    readonly elements = shape.reduce((product, size) => product * size, 1),
    readonly offset = 0,
    readonly strides = shape.map((_, i) => shape.slice(i + 1).reduce((a, b) => a * b, 1)),
  ) {}
}

/** Values this writer knows: plain objects become dicts. */
export type Picklable =
  | null
  | boolean
  | number
  | string
  | FakeTensor
  | readonly Picklable[]
  | { readonly [key: string]: Picklable };

/** One pickle, protocol 2, as `torch.save` would write it (without its memo). */
export function pickle(value: Picklable): Buffer {
  return bytes(OPCODE.PROTO, 2, body(value), OPCODE.STOP);
}

/** Opcodes and their arguments, one after the other. */
export function bytes(...parts: readonly (number | string | Uint8Array)[]): Buffer {
  return Buffer.concat(
    parts.map((part) => (typeof part === 'number' ? Buffer.of(part) : Buffer.from(part))),
  );
}

/** A name of a Python object by the GLOBAL opcode. */
export function global(module: string, name: string): Buffer {
  return bytes(OPCODE.GLOBAL, `${module}\n${name}\n`);
}

/** A string with a 32-bit length. */
export function text(value: string): Buffer {
  return bytes(OPCODE.BINUNICODE, uint32(Buffer.byteLength(value)), value);
}

/** 32 bits, little-endian. */
export function uint32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32LE(value);
  return buffer;
}

/** 64 bits, little-endian. */
export function uint64(value: number): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeBigUInt64LE(BigInt(value));
  return buffer;
}

/** Opcodes that leave `value` on the stack. */
export function body(value: Picklable): Buffer {
  if (value === null) return bytes(OPCODE.NONE);
  if (typeof value === 'boolean') return bytes(value ? OPCODE.NEWTRUE : OPCODE.NEWFALSE);
  if (typeof value === 'string') return text(value);
  if (typeof value === 'number') return Number.isInteger(value) ? integer(value) : float(value);
  if (value instanceof FakeTensor) return tensor(value);
  if (Array.isArray(value)) {
    const items = (value as readonly Picklable[]).map(body);
    return bytes(OPCODE.EMPTY_LIST, OPCODE.MARK, ...items, OPCODE.APPENDS);
  }
  const items = Object.entries(value).flatMap(([key, item]) => [text(key), body(item)]);
  return bytes(OPCODE.EMPTY_DICT, OPCODE.MARK, ...items, OPCODE.SETITEMS);
}

/** A tuple of values already written. */
export function tuple(...items: readonly Buffer[]): Buffer {
  return bytes(OPCODE.MARK, ...items, OPCODE.TUPLE);
}

function integer(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32LE(value);
  return bytes(OPCODE.BININT, buffer);
}

function float(value: number): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeDoubleBE(value);
  return bytes(OPCODE.BINFLOAT, buffer);
}

function tensor({ key, shape, storage, elements, offset, strides }: FakeTensor): Buffer {
  const id = tuple(
    text('storage'),
    global('torch', storage),
    text(key),
    text('cpu'),
    integer(elements),
  );
  return bytes(
    global('torch._utils', '_rebuild_tensor_v2'),
    tuple(
      bytes(id, OPCODE.BINPERSID),
      integer(offset),
      tuple(...shape.map(integer)),
      tuple(...strides.map(integer)),
      body(false),
      body({}),
    ),
    OPCODE.REDUCE,
  );
}
