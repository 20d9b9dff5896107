import {
  PickleGlobal,
  PickleObject,
  PickleTuple,
  type PickleDict,
  type PickleValue,
} from './pickle_values.js';
import { isTorchDType, TorchStorage, TorchTensor, type TorchDType } from './torch_tensor.js';

/** Turns the arguments of a "call" into plain data; undefined when they are not what Python would get. */
type Constructor = (args: readonly PickleValue[]) => PickleValue | undefined;

/** Classes that are only names here: instances become opaque {@link PickleObject}s. */
const MARKERS: ReadonlySet<string> = new Set([
  ...names(
    'builtins',
    'int long float complex str unicode bool bytearray set frozenset object type NoneType',
  ),
  // Python 3 writes bytes in protocol 2 as text to encode. They stay text: copies could grow without bound.
  ...names('_codecs', 'encode'),
  ...names('typing', 'Any Dict List Tuple Union Optional Set Sequence Mapping'),
  ...names('omegaconf.base', 'ContainerMetadata Metadata Node Container SCMode'),
  ...names('omegaconf.basecontainer', 'BaseContainer'),
  ...names('omegaconf.dictconfig', 'DictConfig'),
  ...names('omegaconf.listconfig', 'ListConfig'),
  ...names(
    'omegaconf.nodes',
    'ValueNode AnyNode StringNode PathNode IntegerNode FloatNode BooleanNode BytesNode EnumNode',
  ),
  ...names('pathlib', 'Path PurePath PosixPath PurePosixPath WindowsPath PureWindowsPath'),
  ...names('pathlib._local', 'Path PurePath PosixPath PurePosixPath'),
  ...names('datetime', 'date datetime time timedelta timezone'),
  ...names('torch', 'device Tensor'),
  ...names('torch.nn.parameter', 'Parameter Buffer'),
  ...names('dill._dill', '_create_array'),
  ...names('numpy', 'dtype ndarray bool_ int32 int64 float32 float64'),
]);

/** `torch` storage classes by the element type they hold. */
const STORAGES: Readonly<Record<string, TorchDType>> = {
  FloatStorage: 'float32',
  DoubleStorage: 'float64',
  HalfStorage: 'float16',
  BFloat16Storage: 'bfloat16',
  LongStorage: 'int64',
  IntStorage: 'int32',
  ShortStorage: 'int16',
  CharStorage: 'int8',
  ByteStorage: 'uint8',
  BoolStorage: 'bool',
};
const MAX_DIMENSIONS = 16;
const UNTYPED_STORAGE = 'torch.storage.UntypedStorage';

const CONSTRUCTORS: Readonly<Record<string, Constructor>> = {
  'builtins.dict': emptyDict,
  'builtins.list': (args) => (args.length === 0 ? [] : undefined),
  'builtins.tuple': (args) => (args.length === 0 ? new PickleTuple([]) : undefined),
  'builtins.bytes': (args) => (args.length === 0 ? new Uint8Array(0) : undefined),
  'collections.OrderedDict': emptyDict,
  // The argument is the factory of missing values, which nobody calls.
  'collections.defaultdict': () => new Map(),
  'dill._dill._load_type': ([name]) =>
    typeof name === 'string' ? resolveGlobal('builtins', name) : undefined,
  '_operator.getitem': ([generic]) => (generic instanceof PickleGlobal ? generic : undefined),
  'copyreg._reconstructor': ([type]) =>
    type instanceof PickleGlobal ? new PickleObject(type, []) : undefined,
  'torch.Size': ([sizes]) => (sizes instanceof PickleTuple ? sizes : undefined),
  'torch._utils._rebuild_tensor': tensorOf,
  'torch._utils._rebuild_tensor_v2': tensorOf,
  'torch._utils._rebuild_tensor_v3': (args) => tensorOf(args, args[6]),
  'torch._utils._rebuild_parameter': ([data]) => (data instanceof TorchTensor ? data : undefined),
  'torch._utils._rebuild_parameter_with_state': ([data]) =>
    data instanceof TorchTensor ? data : undefined,
  'torch._tensor._rebuild_from_type_v2': ([rebuild, , args]) =>
    rebuild instanceof PickleGlobal &&
    rebuild.module === 'torch._utils' &&
    args instanceof PickleTuple
      ? construct(rebuild, args.items)
      : undefined,
  'numpy.core.multiarray.scalar': numpyScalar,
  'numpy.core.multiarray._reconstruct': ([type]) =>
    type instanceof PickleGlobal ? new PickleObject(type, []) : undefined,
};

const ALLOWED: ReadonlySet<string> = new Set([
  ...MARKERS,
  ...Object.keys(CONSTRUCTORS),
  ...Object.keys(STORAGES).map((name) => `torch.${name}`),
  UNTYPED_STORAGE,
]);

/** Other names of the same objects: Python 2's modules (protocol 2 maps to them) and numpy 2's. */
const MODULE_ALIASES: Readonly<Record<string, string>> = {
  __builtin__: 'builtins',
  copy_reg: 'copyreg',
  operator: '_operator',
  'numpy._core.multiarray': 'numpy.core.multiarray',
};

/** The Python object of this name, or undefined when a checkpoint has no business naming it. */
export function resolveGlobal(module: string, name: string): PickleGlobal | undefined {
  const canonical = Object.hasOwn(MODULE_ALIASES, module) ? MODULE_ALIASES[module]! : module;
  const allowed =
    ALLOWED.has(`${canonical}.${name}`) || (canonical === 'torch' && isTorchDType(name));
  return allowed ? new PickleGlobal(canonical, name) : undefined;
}

/** What calling an allowed object gives, as data; undefined when the arguments are not allowed. */
export function construct(
  type: PickleGlobal,
  args: readonly PickleValue[],
): PickleValue | undefined {
  const constructor = Object.hasOwn(CONSTRUCTORS, type.path) ? CONSTRUCTORS[type.path] : undefined;
  if (constructor) return constructor(args);
  return MARKERS.has(type.path) ? new PickleObject(type, args) : undefined;
}

/** The storage that torch's persistent id ('storage', class, key, device, elements) refers to. */
export function persistent(id: PickleValue): TorchStorage | undefined {
  if (!(id instanceof PickleTuple)) return undefined;
  const [kind, type, key, , size] = id.items;
  if (kind !== 'storage' || !(type instanceof PickleGlobal)) return undefined;
  if (typeof key !== 'string' || !isSize(size)) return undefined;
  if (type.path === UNTYPED_STORAGE) return new TorchStorage(key, undefined, size);
  if (type.module !== 'torch' || !Object.hasOwn(STORAGES, type.name)) return undefined;
  return new TorchStorage(key, STORAGES[type.name]!, size);
}

/** (storage, offset, size, stride, ...), the dtype from the storage unless it is given. */
function tensorOf(args: readonly PickleValue[], dtype?: PickleValue): TorchTensor | undefined {
  const [storage, offset] = args;
  if (!(storage instanceof TorchStorage) || !isSize(offset)) return undefined;
  const type = dtype instanceof PickleGlobal ? dtype.name : storage.dtype;
  const shape = sizesOf(args[2]);
  const strides = sizesOf(args[3]);
  if (!isTorchDType(type) || !shape || strides?.length !== shape.length) return undefined;
  return new TorchTensor(storage, type, offset, shape, strides);
}

/** Shape or strides of a tensor. */
function sizesOf(value: PickleValue | undefined): readonly number[] | undefined {
  if (!(value instanceof PickleTuple) || value.items.length > MAX_DIMENSIONS) return undefined;
  return value.items.every(isSize) ? value.items : undefined;
}

/** numpy's `scalar(dtype, bytes)` for the types that counters and metrics have. */
function numpyScalar([dtype, value]: readonly PickleValue[]): PickleValue | undefined {
  if (!(dtype instanceof PickleObject) || dtype.type.path !== 'numpy.dtype') return undefined;
  const bytes = smallBytesOf(value);
  const type = `${String(dtype.args[0])}/${bytes?.length}`;
  if (type === 'f8/8') return bytes!.readDoubleLE();
  if (type === 'f4/4') return bytes!.readFloatLE();
  if (type === 'i8/8') return Number(bytes!.readBigInt64LE());
  if (type === 'i4/4') return bytes!.readInt32LE();
  if (type === 'b1/1') return bytes![0] !== 0;
  return undefined;
}

/** At most 8 bytes, as protocol 2 (text to encode) or later ones write them. */
function smallBytesOf(value: PickleValue | undefined): Buffer | undefined {
  if (value instanceof PickleObject && value.type.path === '_codecs.encode') {
    const [text, codec] = value.args;
    return typeof text === 'string' && text.length <= 8 && codec === 'latin1'
      ? Buffer.from(text, 'latin1')
      : undefined;
  }
  return value instanceof Uint8Array && value.length <= 8 ? Buffer.from(value) : undefined;
}

function emptyDict(args: readonly PickleValue[]): PickleDict | undefined {
  return args.length === 0 ? new Map() : undefined;
}

function isSize(value: PickleValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function names(module: string, list: string): string[] {
  return list.split(' ').map((name) => `${module}.${name}`);
}
