import type { MessageDefinition, MessageField } from './message_schema.js';

/** Size in bytes of the types of fixed size; `time` and `duration` are two of 4. */
const PRIMITIVE_BYTES: Readonly<Record<string, number>> = {
  bool: 1,
  int8: 1,
  uint8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  float32: 4,
  int64: 8,
  uint64: 8,
  float64: 8,
};
const ENCAPSULATION_BYTES = 4;
const MAX_DEPTH = 32;

/**
 * Walks over a CDR message as its definition says and checks that everything in it lies inside its bytes.
 * The decoder trusts the lengths in a message and takes memory for them; after this check they are true.
 * @param definitions the root type first, as the schema parsers give them
 * @throws Error naming the field at which the message does not fit its definition
 */
export function checkCdrBounds(definitions: readonly MessageDefinition[], cdr: Uint8Array): void {
  new CdrWalk(definitions, cdr).run();
}

class CdrWalk {
  readonly #types: ReadonlyMap<string, readonly MessageField[]>;
  readonly #root: readonly MessageField[];
  readonly #view: DataView;
  readonly #littleEndian: boolean;
  #offset = ENCAPSULATION_BYTES;

  constructor(definitions: readonly MessageDefinition[], cdr: Uint8Array) {
    this.#types = new Map(definitions.map((d) => [d.name ?? '', d.definitions]));
    // IDL modules of constants may stand before the message itself.
    const root = definitions.find((d) => !d.definitions.length || d.definitions.some(isData));
    if (!root) throw new Error('the definition holds no message');
    this.#root = root.definitions;
    this.#view = new DataView(cdr.buffer, cdr.byteOffset, cdr.byteLength);
    if (cdr.length < ENCAPSULATION_BYTES) throw new Error('it is shorter than the CDR header');
    const kind = cdr[1]!;
    if (kind > 1) throw new Error(`CDR encapsulation kind ${kind} is not supported`);
    this.#littleEndian = kind === 1;
  }

  run(): void {
    this.#struct(this.#root, '', 0);
  }

  #struct(fields: readonly MessageField[], path: string, depth: number): void {
    if (depth > MAX_DEPTH) throw new Error(`${path} is nested too deeply`);
    const start = this.#offset;
    const data = fields.filter(isData);
    // A message without fields has one byte, see design.ros2.org on legacy interface definitions.
    if (data.length === 0) this.#skip(1, 1, path);
    for (const field of data)
      this.#field(field, path ? `${path}.${field.name}` : field.name, depth);
    // Types of no size could be repeated without end inside a few bytes.
    if (this.#offset === start) throw new Error(`${path || 'the message'} has no size`);
  }

  #field(field: MessageField, path: string, depth: number): void {
    const count = field.isArray ? (field.arrayLength ?? this.#uint32(path)) : 1;
    if (field.isComplex) {
      const fields = this.#types.get(field.type);
      if (!fields) throw new Error(`${path} has the undefined type ${field.type}`);
      for (let i = 0; i < count; i++) this.#struct(fields, path, depth + 1);
    } else if (field.type === 'string') {
      for (let i = 0; i < count; i++) this.#skip(this.#uint32(path), 1, path);
    } else if (field.type === 'time' || field.type === 'duration') {
      if (count > 0) this.#skip(count * 8, 4, path);
    } else {
      const bytes = PRIMITIVE_BYTES[field.type];
      if (!bytes) throw new Error(`${path} has the unsupported type ${field.type}`);
      if (count > 0) this.#skip(count * bytes, bytes, path);
    }
  }

  #uint32(path: string): number {
    this.#skip(4, 4, path);
    return this.#view.getUint32(this.#offset - 4, this.#littleEndian);
  }

  /** Moves over `bytes` bytes after aligning; CDR aligns from the end of its 4-byte header. */
  #skip(bytes: number, alignment: number, path: string): void {
    const body = this.#offset - ENCAPSULATION_BYTES;
    const aligned = Math.ceil(body / alignment) * alignment + ENCAPSULATION_BYTES;
    const left = this.#view.byteLength - aligned;
    if (bytes > left) {
      throw new Error(`${path} needs ${bytes} bytes, ${Math.max(left, 0)} are left of the message`);
    }
    this.#offset = aligned + bytes;
  }
}

function isData(field: MessageField): boolean {
  return field.isConstant !== true;
}
