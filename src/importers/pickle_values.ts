import type { TorchStorage, TorchTensor } from './torch_tensor.js';

/**
 * What a pickle describes, as plain data: dict is a Map (so that no key can reach a prototype), list an
 * array, and everything that Python would construct a {@link PickleObject} that nobody constructs.
 */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleValue[]
  | PickleTuple
  | PickleDict
  | Set<PickleValue>
  | PickleGlobal
  | PickleObject
  | TorchStorage
  | TorchTensor;

/** A Python dict, OrderedDict or defaultdict, in its order. */
export type PickleDict = Map<PickleValue, PickleValue>;

/** A Python tuple. */
export class PickleTuple {
  constructor(readonly items: readonly PickleValue[]) {}
}

/** The name of a Python class or function. A name only: nothing is looked up or called. */
export class PickleGlobal {
  constructor(
    readonly module: string,
    readonly name: string,
  ) {}

  /** `module.name` */
  get path(): string {
    return `${this.module}.${this.name}`;
  }
}

/** An object that Python would make by calling `type` with `args` and setting `state`. */
export class PickleObject {
  state: PickleValue = null;

  constructor(
    readonly type: PickleGlobal,
    readonly args: readonly PickleValue[],
  ) {}
}
