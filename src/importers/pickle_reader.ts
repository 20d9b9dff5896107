import { BadInput } from '../errors.js';
import { construct, persistent, resolveGlobal } from './allowed_globals.js';
import { ByteCursor } from './byte_cursor.js';
import { OPCODE } from './pickle_opcodes.js';
import {
  PickleGlobal,
  PickleObject,
  PickleTuple,
  type PickleDict,
  type PickleValue,
} from './pickle_values.js';

/** Every opcode makes at most one small object, so this bounds memory; the 8-layer DP-T with optimiser has 30,000. */
const MAX_OPCODES = 1_000_000;
const MAX_PROTOCOL = 5;
const MAX_NAME_BYTES = 256;
/** Longest Python integer read, bytes; a random state or a hash fits. */
const MAX_INTEGER_BYTES = 64;

/** Something wrong in a pickle; {@link readPickle} adds the place. */
class PickleProblem extends Error {}

/**
 * Reads one pickle as data. Nothing is executed: opcodes come from an allow-list, names of Python objects
 * from another (see allowed_globals.ts), and "calls" only build plain values. Time and memory are linear
 * in `bytes.length`.
 * @param where the file, for error messages
 * @throws BadInput on anything unknown, malformed or truncated
 */
export function readPickle(bytes: Buffer, where: string): PickleValue {
  const cursor = new ByteCursor(bytes, () => new PickleProblem('ends early'));
  try {
    return new PickleMachine(cursor).run();
  } catch (error) {
    if (!(error instanceof PickleProblem)) throw error;
    throw new BadInput(
      `the pickle ${error.message} (before byte ${cursor.position})`,
      where,
      'the file is damaged, or was not saved by diffusion_policy',
    );
  }
}

function problem(message: string): never {
  throw new PickleProblem(message);
}

/** The stack machine of Python's `pickle.Unpickler`, reduced to data. */
class PickleMachine {
  readonly #cursor: ByteCursor;
  readonly #stack: PickleValue[] = [];
  /** Heights of the stack at each open MARK. */
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, PickleValue>();

  constructor(cursor: ByteCursor) {
    this.#cursor = cursor;
  }

  run(): PickleValue {
    for (let count = 0; count < MAX_OPCODES; count++) {
      const opcode = this.#cursor.uint8();
      if (opcode === OPCODE.STOP) {
        const result = this.#pop();
        if (this.#stack.length > 0) problem('ends with values left over');
        return result;
      }
      const known =
        this.#scalar(opcode) ||
        this.#container(opcode) ||
        this.#reference(opcode) ||
        this.#object(opcode);
      if (!known) problem(`uses opcode 0x${opcode.toString(16)}, which is not allowed`);
    }
    return problem(`has more than ${MAX_OPCODES} opcodes`);
  }

  /** Opcodes that push a number, a string, bytes or a constant. */
  #scalar(opcode: number): boolean {
    const cursor = this.#cursor;
    switch (opcode) {
      case OPCODE.NONE:
        return this.#push(null);
      case OPCODE.NEWTRUE:
        return this.#push(true);
      case OPCODE.NEWFALSE:
        return this.#push(false);
      case OPCODE.BININT:
        return this.#push(cursor.int32());
      case OPCODE.BININT1:
        return this.#push(cursor.uint8());
      case OPCODE.BININT2:
        return this.#push(cursor.uint16());
      case OPCODE.LONG1:
        return this.#push(this.#integer(cursor.uint8()));
      case OPCODE.LONG4:
        return this.#push(this.#integer(cursor.uint32()));
      case OPCODE.BINFLOAT:
        return this.#push(cursor.float64BigEndian());
      case OPCODE.SHORT_BINUNICODE:
        return this.#push(cursor.take(cursor.uint8()).toString('utf8'));
      case OPCODE.BINUNICODE:
        return this.#push(cursor.take(cursor.uint32()).toString('utf8'));
      case OPCODE.BINUNICODE8:
        return this.#push(cursor.take(cursor.uint64()).toString('utf8'));
      case OPCODE.SHORT_BINBYTES:
        return this.#push(cursor.take(cursor.uint8()));
      case OPCODE.BINBYTES:
        return this.#push(cursor.take(cursor.uint32()));
      case OPCODE.BINBYTES8:
      case OPCODE.BYTEARRAY8:
        return this.#push(cursor.take(cursor.uint64()));
      default:
        return false;
    }
  }

  /** Opcodes that make or fill a tuple, list, dict or set. */
  #container(opcode: number): boolean {
    switch (opcode) {
      case OPCODE.EMPTY_TUPLE:
        return this.#push(new PickleTuple([]));
      case OPCODE.TUPLE1:
      case OPCODE.TUPLE2:
      case OPCODE.TUPLE3:
        return this.#push(new PickleTuple(this.#popMany(opcode - OPCODE.TUPLE1 + 1)));
      case OPCODE.TUPLE:
        return this.#push(new PickleTuple(this.#popToMark()));
      case OPCODE.EMPTY_LIST:
        return this.#push([]);
      case OPCODE.APPEND:
        return this.#append(this.#popMany(1));
      case OPCODE.APPENDS:
        return this.#append(this.#popToMark());
      case OPCODE.EMPTY_DICT:
        return this.#push(new Map());
      case OPCODE.SETITEM:
        return this.#setItems(this.#popMany(2));
      case OPCODE.SETITEMS:
        return this.#setItems(this.#popToMark());
      case OPCODE.EMPTY_SET:
        return this.#push(new Set());
      case OPCODE.FROZENSET:
        return this.#push(new Set(this.#popToMark()));
      case OPCODE.ADDITEMS: {
        const items = this.#popToMark();
        const set = this.#top();
        if (!(set instanceof Set)) return problem('adds items to something that is no set');
        for (const item of items) set.add(item);
        return true;
      }
      default:
        return false;
    }
  }

  /** Opcodes that arrange the stack, the memo and the framing. */
  #reference(opcode: number): boolean {
    const cursor = this.#cursor;
    switch (opcode) {
      case OPCODE.PROTO: {
        const protocol = cursor.uint8();
        return protocol <= MAX_PROTOCOL || problem(`has protocol ${protocol}`);
      }
      case OPCODE.FRAME:
        cursor.uint64();
        return true;
      case OPCODE.MARK:
        this.#marks.push(this.#stack.length);
        return true;
      case OPCODE.POP:
        // Python lets POP remove a mark that nothing was pushed on.
        if (this.#marks.at(-1) === this.#stack.length) this.#marks.pop();
        else this.#pop();
        return true;
      case OPCODE.POP_MARK:
        this.#popToMark();
        return true;
      case OPCODE.DUP:
        return this.#push(this.#top());
      case OPCODE.BINPUT:
        return this.#remember(cursor.uint8());
      case OPCODE.LONG_BINPUT:
        return this.#remember(cursor.uint32());
      case OPCODE.MEMOIZE:
        return this.#remember(this.#memo.size);
      case OPCODE.BINGET:
        return this.#push(this.#recall(cursor.uint8()));
      case OPCODE.LONG_BINGET:
        return this.#push(this.#recall(cursor.uint32()));
      default:
        return false;
    }
  }

  /** Opcodes by which Python would import, call or construct. */
  #object(opcode: number): boolean {
    switch (opcode) {
      case OPCODE.GLOBAL: {
        const module = this.#cursor.line(MAX_NAME_BYTES);
        return this.#push(this.#global(module, this.#cursor.line(MAX_NAME_BYTES)));
      }
      case OPCODE.STACK_GLOBAL: {
        const [module, name] = this.#popMany(2);
        if (typeof module !== 'string' || typeof name !== 'string') {
          return problem('names a Python object by something that is no string');
        }
        return this.#push(this.#global(module, name));
      }
      case OPCODE.REDUCE:
      case OPCODE.NEWOBJ: {
        const [type, args] = this.#popMany(2);
        return this.#construct(type!, args!);
      }
      case OPCODE.NEWOBJ_EX: {
        const [type, args, keywords] = this.#popMany(3);
        if (!(keywords instanceof Map) || keywords.size > 0) {
          return problem('constructs an object with keyword arguments');
        }
        return this.#construct(type!, args!);
      }
      case OPCODE.BUILD: {
        const state = this.#pop();
        const object = this.#top();
        // Attributes of dicts (such as a state dict's `_metadata`) and of tensors say nothing about a policy.
        if (object instanceof PickleObject) object.state = state;
        return true;
      }
      case OPCODE.BINPERSID: {
        const id = this.#pop();
        return this.#push(
          persistent(id) ?? problem('refers to something outside that is no torch storage'),
        );
      }
      default:
        return false;
    }
  }

  #global(module: string, name: string): PickleGlobal {
    return (
      resolveGlobal(module, name) ??
      problem(`names the Python object '${printable(`${module}.${name}`)}', which is not allowed`)
    );
  }

  #construct(type: PickleValue, args: PickleValue): boolean {
    if (!(type instanceof PickleGlobal)) return problem('calls something that is no named object');
    if (!(args instanceof PickleTuple)) {
      return problem(`calls '${type.path}' without a tuple of arguments`);
    }
    const made = construct(type, args.items);
    if (made === undefined) {
      return problem(`calls '${type.path}' with arguments that are not allowed`);
    }
    return this.#push(made);
  }

  #integer(length: number): number | bigint {
    if (length > MAX_INTEGER_BYTES) problem(`has an integer of ${length} bytes`);
    const hex = Buffer.from(this.#cursor.take(length)).reverse().toString('hex');
    const value = hex === '' ? 0n : BigInt.asIntN(length * 8, BigInt(`0x${hex}`));
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }

  #push(value: PickleValue): true {
    this.#stack.push(value);
    return true;
  }

  /** Values above the innermost mark belong to it: nothing may be taken from below. */
  #need(count: number): void {
    if (this.#stack.length - (this.#marks.at(-1) ?? 0) < count) {
      problem('takes values that it never gave');
    }
  }

  #pop(): PickleValue {
    this.#need(1);
    return this.#stack.pop()!;
  }

  #top(): PickleValue {
    this.#need(1);
    return this.#stack.at(-1)!;
  }

  #popMany(count: number): PickleValue[] {
    this.#need(count);
    return this.#stack.splice(this.#stack.length - count);
  }

  #popToMark(): PickleValue[] {
    const mark = this.#marks.pop() ?? problem('closes a group that it never opened');
    return this.#stack.splice(mark);
  }

  #append(items: PickleValue[]): true {
    const list = this.#top();
    if (!Array.isArray(list)) return problem('appends to something that is no list');
    for (const item of items) list.push(item);
    return true;
  }

  #setItems(items: PickleValue[]): true {
    const dict = this.#top();
    if (!(dict instanceof Map)) return problem('sets items of something that is no dict');
    if (items.length % 2 !== 0) problem('gives a key without a value');
    for (let i = 0; i < items.length; i += 2) (dict as PickleDict).set(items[i]!, items[i + 1]!);
    return true;
  }

  #remember(index: number): true {
    this.#memo.set(index, this.#top());
    return true;
  }

  #recall(index: number): PickleValue {
    const value = this.#memo.get(index);
    return value === undefined ? problem(`recalls value ${index}, which it never stored`) : value;
  }
}

/** Names come from the file: only what a terminal can show safely is repeated. */
function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 120);
}
