import assert from 'node:assert/strict';
import { BadInput } from '../../src/errors.js';
import { OPCODE as O } from '../../src/importers/pickle_opcodes.js';
import { readPickle } from '../../src/importers/pickle_reader.js';
import { PickleGlobal, PickleObject, PickleTuple } from '../../src/importers/pickle_values.js';
import { TorchStorage, TorchTensor } from '../../src/importers/torch_tensor.js';
import {
  body,
  bytes,
  FakeTensor,
  global,
  pickle,
  text,
  tuple,
  uint32,
  uint64,
} from './pickle_bytes.js';

const read = (...parts: (number | string | Uint8Array)[]): unknown =>
  readPickle(bytes(...parts, O.STOP), 'test.ckpt');
const refuses = (expected: RegExp, ...parts: (number | string | Uint8Array)[]): void => {
  assert.throws(
    () => read(...parts),
    (error) => error instanceof BadInput && expected.test(error.message),
  );
};

describe('pickle reader', () => {
  it('reads constants and numbers of every width', () => {
    assert.equal(read(O.NONE), null);
    assert.equal(read(O.NEWTRUE), true);
    assert.equal(read(O.NEWFALSE), false);
    assert.equal(read(O.BININT, Buffer.from([0xfe, 0xff, 0xff, 0xff])), -2);
    assert.equal(read(O.BININT1, 200), 200);
    assert.equal(read(O.BININT2, Buffer.from([1, 2])), 513);
    assert.equal(read(O.LONG1, 0), 0);
    assert.equal(read(O.LONG1, 2, Buffer.from([0x00, 0xff])), -256);
    assert.equal(read(O.LONG4, uint32(3), Buffer.from([1, 0, 1])), 65537);
    assert.equal(read(O.LONG1, 9, Buffer.alloc(9, 1)), 0x010101010101010101n);
    assert.equal(read(body(-0.15625)), -0.15625);
  });

  it('reads strings and bytes of every length field', () => {
    assert.equal(read(O.SHORT_BINUNICODE, 2, 'ab'), 'ab');
    assert.equal(read(text('é')), 'é');
    assert.equal(read(O.BINUNICODE8, uint64(3), 'abc'), 'abc');
    assert.deepEqual(read(O.SHORT_BINBYTES, 2, 'ab'), Buffer.from('ab'));
    assert.deepEqual(read(O.BINBYTES, uint32(1), 'a'), Buffer.from('a'));
    assert.deepEqual(read(O.BINBYTES8, uint64(1), 'b'), Buffer.from('b'));
    assert.deepEqual(read(O.BYTEARRAY8, uint64(1), 'c'), Buffer.from('c'));
  });

  it('reads tuples, lists, dicts and sets', () => {
    const one = bytes(O.BININT1, 1);
    assert.deepEqual(read(O.EMPTY_TUPLE), new PickleTuple([]));
    assert.deepEqual(read(one, O.TUPLE1), new PickleTuple([1]));
    assert.deepEqual(read(one, one, O.TUPLE2), new PickleTuple([1, 1]));
    assert.deepEqual(read(one, one, one, O.TUPLE3), new PickleTuple([1, 1, 1]));
    assert.deepEqual(read(tuple(one, one)), new PickleTuple([1, 1]));
    assert.deepEqual(read(O.EMPTY_LIST, one, O.APPEND), [1]);
    assert.deepEqual(read(body([1, 'a', []])), [1, 'a', []]);
    assert.deepEqual(read(O.EMPTY_DICT, one, one, O.SETITEM), new Map([[1, 1]]));
    assert.deepEqual(
      read(body({ a: 1, b: { c: null } })),
      new Map<string, unknown>([
        ['a', 1],
        ['b', new Map([['c', null]])],
      ]),
    );
    assert.deepEqual(read(O.EMPTY_SET, O.MARK, one, O.ADDITEMS), new Set([1]));
    assert.deepEqual(read(O.MARK, one, O.FROZENSET), new Set([1]));
  });

  it('follows the stack and the memo', () => {
    const one = bytes(O.BININT1, 1);
    assert.equal(read(one, O.NONE, O.POP), 1);
    assert.equal(read(one, O.MARK, O.NONE, O.NONE, O.POP_MARK), 1);
    assert.equal(read(one, O.MARK, O.POP), 1);
    assert.deepEqual(read(one, O.DUP, O.TUPLE2), new PickleTuple([1, 1]));
    const list = read(O.EMPTY_LIST, O.BINPUT, 7, O.BINGET, 7, O.TUPLE2) as PickleTuple;
    assert.equal(list.items[0], list.items[1]);
    assert.deepEqual(
      read(
        one,
        O.LONG_BINPUT,
        uint32(4_000_000_000),
        O.LONG_BINGET,
        uint32(4_000_000_000),
        O.TUPLE2,
      ),
      new PickleTuple([1, 1]),
    );
    assert.deepEqual(
      read(O.PROTO, 4, O.FRAME, uint64(6), one, O.MEMOIZE, O.BINGET, 0, O.TUPLE2),
      new PickleTuple([1, 1]),
    );
  });

  it('keeps classes as names and instances as data', () => {
    const config = read(
      global('omegaconf.dictconfig', 'DictConfig'),
      O.EMPTY_TUPLE,
      O.NEWOBJ,
      body({ _content: {} }),
      O.BUILD,
    ) as PickleObject;
    assert.equal(config.type.path, 'omegaconf.dictconfig.DictConfig');
    assert.deepEqual(config.state, new Map([['_content', new Map()]]));
    const path = read(
      text('pathlib'),
      text('PosixPath'),
      O.STACK_GLOBAL,
      tuple(text('/')),
      O.REDUCE,
    );
    assert.deepEqual((path as PickleObject).args, ['/']);
    const byExtendedNew = bytes(O.EMPTY_TUPLE, O.EMPTY_DICT, O.NEWOBJ_EX);
    assert.ok(read(global('omegaconf.nodes', 'AnyNode'), byExtendedNew) instanceof PickleObject);
  });

  it('reads what Python builds by calls as plain values', () => {
    const call = (module: string, name: string, ...args: Buffer[]): unknown =>
      read(global(module, name), tuple(...args), O.REDUCE);
    assert.deepEqual(call('collections', 'OrderedDict'), new Map());
    assert.deepEqual(call('collections', 'defaultdict', global('__builtin__', 'list')), new Map());
    assert.deepEqual(
      call('dill._dill', '_load_type', text('dict')),
      new PickleGlobal('builtins', 'dict'),
    );
    assert.deepEqual(call('torch', 'Size', tuple(body(3))), new PickleTuple([3]));
    assert.ok(call('_codecs', 'encode', text('x'), text('latin1')) instanceof PickleObject);
    const numpyType = bytes(global('numpy', 'dtype'), tuple(text('i8')), O.REDUCE);
    const eight = bytes(O.SHORT_BINBYTES, 8, Buffer.from([5, 0, 0, 0, 0, 0, 0, 0]));
    assert.equal(call('numpy._core.multiarray', 'scalar', numpyType, eight), 5);
  });

  it('reads tensors as views of storages', () => {
    const tensor = readPickle(pickle(new FakeTensor('12', [2, 3])), 'test.ckpt');
    const storage = new TorchStorage('12', 'float32', 6);
    assert.deepEqual(tensor, new TorchTensor(storage, 'float32', 0, [2, 3], [3, 1]));
  });

  it('gives the attributes of a dict no way into it', () => {
    const built = read(
      global('collections', 'OrderedDict'),
      O.EMPTY_TUPLE,
      O.REDUCE,
      body({ a: 1 }),
      O.BUILD,
    );
    assert.deepEqual(built, new Map());
    const polluting = read(body({ __proto__x: 1 })) as Map<string, unknown>;
    assert.ok(polluting.has('__proto__x'));
    const proto = read(O.EMPTY_DICT, text('__proto__'), body({ polluted: true }), O.SETITEM);
    assert.equal((proto as { polluted?: boolean }).polluted, undefined);
  });
});

describe('pickle reader, hostile input', () => {
  it('refuses objects outside the list by name', () => {
    refuses(/'os\.system'/, global('os', 'system'), tuple(text('id')), O.REDUCE);
    refuses(/'posix\.system'/, text('posix'), text('system'), O.STACK_GLOBAL);
    refuses(/'builtins\.eval'/, global('builtins', 'eval'));
    refuses(/'__builtin__\.getattr'/, global('__builtin__', 'getattr'));
    refuses(/'dill\._dill\._create_code'/, global('dill._dill', '_create_code'));
    refuses(/'torch\.load'/, global('torch', 'load'));
    refuses(/'builtins\.constructor'/, global('builtins', 'constructor'));
    refuses(/\.__proto__'/, global('torch', '__proto__'));
  });

  it('shows unprintable names without their control characters', () => {
    refuses(/'os\.\?\[31m'/, global('os', '\u001b[31m'));
  });

  it('refuses calls of anything but a listed name with a tuple', () => {
    refuses(/calls something/, text('os.system'), O.EMPTY_TUPLE, O.REDUCE);
    refuses(/without a tuple/, global('builtins', 'dict'), O.NONE, O.REDUCE);
    refuses(/not allowed/, global('builtins', 'list'), tuple(body([1])), O.REDUCE);
    refuses(/not allowed/, global('dill._dill', '_load_type'), tuple(text('CodeType')), O.REDUCE);
    const keywords = bytes(body({ a: 1 }), O.NEWOBJ_EX);
    refuses(/keyword/, global('builtins', 'object'), O.EMPTY_TUPLE, keywords);
    const evil = bytes(global('builtins', 'object'), O.NONE, O.EMPTY_TUPLE, O.TUPLE3);
    refuses(/not allowed/, global('torch._tensor', '_rebuild_from_type_v2'), evil, O.REDUCE);
  });

  it('refuses opcodes that no protocol above 1 needs', () => {
    // INST, OBJ, EXT1, PERSID, INT, STRING, GET, PUT, NEXT_BUFFER.
    for (const opcode of ['i', 'o', '\x82', 'P', 'I', 'S', 'g', 'p', '\x97']) {
      refuses(/is not allowed/, Buffer.from(opcode, 'latin1'), 'os\nsystem\n');
    }
    refuses(/protocol 6/, O.PROTO, 6);
  });

  it('refuses lengths beyond the end', () => {
    refuses(/ends early/, O.BINUNICODE, uint32(0xffffffff), 'a');
    refuses(/ends early/, O.BINUNICODE8, Buffer.alloc(8, 0xff), 'a');
    refuses(/ends early/, O.BINBYTES8, uint64(2 ** 40), 'a');
    refuses(/integer of 100000 bytes/, O.LONG4, uint32(100_000));
    refuses(/ends early/, O.GLOBAL, 'x'.repeat(10_000), '\n', 'y\n');
    assert.throws(() => readPickle(Buffer.alloc(0), 'x'), BadInput);
  });

  it('refuses to take what was never given', () => {
    for (const opcode of [O.POP, O.DUP, O.TUPLE, O.APPENDS, O.SETITEMS, O.REDUCE, O.BUILD]) {
      refuses(/never|takes/, opcode);
    }
    refuses(/takes values/, O.NONE, O.MARK, O.TUPLE1);
    refuses(/recalls value 3/, O.BINGET, 3);
    refuses(/left over/, O.NONE, O.NONE);
    refuses(/key without a value/, O.EMPTY_DICT, O.MARK, O.NONE, O.SETITEMS);
    refuses(/no list/, O.NONE, O.NONE, O.APPEND);
    refuses(/no dict/, O.NONE, O.NONE, O.NONE, O.SETITEM);
    refuses(/no set/, O.NONE, O.MARK, O.ADDITEMS);
  });

  it('refuses storages and tensors that make no sense', () => {
    const id = (...items: Buffer[]): Buffer => bytes(tuple(...items), O.BINPERSID);
    refuses(/no torch storage/, id(text('module'), text('x')));
    refuses(/no torch storage/, text('storage'), O.BINPERSID);
    const kind = [text('storage'), global('torch', 'FloatStorage'), text('0'), text('cpu')];
    refuses(/no torch storage/, id(...kind, body(-1)));
    refuses(/no torch storage/, id(...kind, body(1.5)));
    refuses(/not allowed/, body(new FakeTensor('0', [1], 'FloatStorage', 1, -1)));
    refuses(/not allowed/, body(new FakeTensor('0', [1], 'FloatStorage', 1, 0, [1, 1])));
    refuses(/not allowed/, body(new FakeTensor('0', Array<number>(17).fill(1))));
  });

  it('survives nesting, cycles and references that would unfold without end', () => {
    const depth = 100_000;
    const nested = read(Buffer.alloc(depth, O.EMPTY_LIST), Buffer.alloc(depth - 1, O.APPEND));
    assert.ok(Array.isArray(nested));
    const cycle = read(O.EMPTY_LIST, O.BINPUT, 0, O.BINGET, 0, O.APPEND) as unknown[];
    assert.equal(cycle[0], cycle);
    // Each list holds the one before twice: 2^10000 leaves if anything unfolded it.
    const doubling = bytes(O.DUP, O.TUPLE2);
    assert.ok(read(O.NONE, ...Array<Buffer>(10_000).fill(doubling)) instanceof PickleTuple);
  });

  it('stops at its limit of opcodes', () => {
    refuses(/more than 1000000 opcodes/, Buffer.alloc(1_000_001, O.EMPTY_DICT));
  });
});
