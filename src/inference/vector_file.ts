import { BadInput } from '../errors.js';
import type { Tensor } from '../policy/safetensors.js';

/** The tensors of a vector file, looked up with their type and shape checked. */
export class VectorFile {
  constructor(
    readonly tensors: ReadonlyMap<string, Tensor>,
    readonly path: string,
  ) {}

  has(name: string): boolean {
    return this.tensors.has(name);
  }

  /** A tensor whose shape fits `expected`, in which undefined is any size. */
  get(
    name: string,
    dtype: 'F32' | 'F64' | 'U8',
    expected: readonly (number | undefined)[],
  ): Tensor {
    const tensor = this.tensors.get(name);
    const wanted = `${dtype} (${expected.map((size) => size ?? 'N').join(', ')})`;
    if (!tensor) throw this.bad(`tensor '${name}' is missing`, `add it, ${wanted}`);
    const fits =
      tensor.shape.length === expected.length &&
      expected.every((size, axis) => size === undefined || size === tensor.shape[axis]);
    if (tensor.dtype !== dtype || !fits) {
      const found = `${tensor.dtype} (${tensor.shape.join(', ')})`;
      throw this.bad(`tensor '${name}' is ${found}`, `this policy needs ${wanted}`);
    }
    return tensor;
  }

  /** Finite floats; 64-bit ones, which numpy makes unless told otherwise, are rounded. */
  floats(name: string, expected: readonly (number | undefined)[]): Float32Array {
    const isDouble = this.tensors.get(name)?.dtype === 'F64';
    const { data } = this.get(name, isDouble ? 'F64' : 'F32', expected);
    const values = data instanceof Float32Array ? data : Float32Array.from(data as Float64Array);
    const at = values.findIndex((value) => !Number.isFinite(value));
    if (at >= 0) {
      throw this.bad(
        `tensor '${name}' holds ${String(values[at])} at element ${at}`,
        'only finite numbers can be used',
      );
    }
    return values;
  }

  /** N, the first size of a tensor that is there. */
  count(name: string): number {
    const samples = this.tensors.get(name)!.shape[0] ?? 0;
    if (samples === 0) throw this.bad(`tensor '${name}' holds no sample`, 'give at least one');
    return samples;
  }

  bad(what: string, todo: string): BadInput {
    return new BadInput(what, this.path, todo);
  }
}
