import { BadInput } from '../errors.js';
import type { FloatTensor } from '../policy/safetensors.js';
import type { Layout } from './denoiser_layout.js';
import type { PickleValue } from './pickle_values.js';
import type { TorchCheckpoint } from './torch_checkpoint.js';
import { TorchTensor } from './torch_tensor.js';

const TODO = 'the checkpoint does not fit its configuration, or is not of diffusion_policy';

/** The learned tensors of one module, by upstream's names. Values are read when asked for. */
export class StateDict {
  readonly #checkpoint: TorchCheckpoint;
  readonly #where: string;
  readonly #tensors = new Map<string, TorchTensor>();

  /** @param where file and key of the state dict, for error messages */
  constructor(checkpoint: TorchCheckpoint, value: PickleValue | undefined, where: string) {
    this.#checkpoint = checkpoint;
    this.#where = where;
    if (!(value instanceof Map)) throw new BadInput('is not a state dict', where, TODO);
    for (const [name, tensor] of value) {
      if (typeof name !== 'string' || !(tensor instanceof TorchTensor)) {
        throw new BadInput('holds something that is not a named tensor', where, TODO);
      }
      this.#tensors.set(name, tensor);
    }
  }

  names(): string[] {
    return [...this.#tensors.keys()];
  }

  has(name: string): boolean {
    return this.#tensors.has(name);
  }

  /** @throws BadInput when there is no such tensor, or not of `dimensions` dimensions */
  shape(name: string, dimensions: number): readonly number[] {
    const { shape } = this.#get(name);
    if (shape.length !== dimensions) {
      throw this.bad(`tensor ${name} has ${shape.length} dimensions, not ${dimensions}`);
    }
    return shape;
  }

  /** Whether both names stand for the same memory, so that comparing values is needless. */
  areSameView(a: string, b: string): boolean {
    return this.#get(a).isSameView(this.#get(b));
  }

  /** A tensor's values, all of them finite unless `mayBeInfinite`. */
  async read(name: string, mayBeInfinite = false): Promise<FloatTensor> {
    const tensor = await this.#checkpoint.read(name, this.#get(name));
    if (!mayBeInfinite && !tensor.data.every(Number.isFinite)) {
      throw new BadInput(
        `tensor ${name} holds a value that is not a finite number`,
        this.#where,
        'the training diverged or the file is damaged: use another checkpoint',
      );
    }
    return tensor;
  }

  /** Reads every tensor of a layout from under `prefix`, shapes checked first. */
  async readLayout(prefix: string, layout: Layout): Promise<Map<string, FloatTensor>> {
    for (const [name, expected] of layout) {
      const { shape } = this.#get(prefix + name);
      if (shape.join() !== expected.join()) {
        throw this.bad(
          `tensor ${prefix}${name} is [${shape.join(', ')}], expected [${expected.join(', ')}]`,
        );
      }
    }
    const tensors = new Map<string, FloatTensor>();
    for (const name of layout.keys()) tensors.set(name, await this.read(prefix + name));
    return tensors;
  }

  /** An error about this state dict. */
  bad(what: string): BadInput {
    return new BadInput(what, this.#where, TODO);
  }

  #get(name: string): TorchTensor {
    const tensor = this.#tensors.get(name);
    if (!tensor) throw this.bad(`tensor ${name} is missing`);
    return tensor;
  }
}
