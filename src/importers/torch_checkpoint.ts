import { BadInput } from '../errors.js';
import { elementCount, type FloatTensor } from '../policy/safetensors.js';
import { readPickle } from './pickle_reader.js';
import type { PickleValue } from './pickle_values.js';
import { TorchArchive } from './torch_archive.js';
import { readTensor, TorchTensor } from './torch_tensor.js';

/** Storages and tensors taken from one checkpoint together: policies of up to 250 million values. */
const MAX_BYTES_READ = 2 * 1024 ** 3;

/** A file of `torch.save`, read as data: its pickle at once, its tensors when asked for. */
export class TorchCheckpoint {
  readonly #archive: TorchArchive;
  readonly #path: string;
  #bytesRead = 0;
  /** The storage read last: neighbouring tensors often share one. */
  #cached: { readonly key: string; readonly bytes: Promise<Buffer> } | undefined;

  /** What was saved; tensors are {@link TorchTensor}s without values. */
  readonly payload: PickleValue;

  private constructor(archive: TorchArchive, path: string, payload: PickleValue) {
    this.#archive = archive;
    this.#path = path;
    this.payload = payload;
  }

  /** @throws BadInput when it is not a file of torch.save or names anything outside the allow-list */
  static async open(path: string): Promise<TorchCheckpoint> {
    const archive = await TorchArchive.open(path);
    try {
      return new TorchCheckpoint(archive, path, readPickle(await archive.pickle(), path));
    } catch (error) {
      archive.close();
      throw error;
    }
  }

  /** Reads a tensor's values as 32-bit floats. @param name for error messages */
  async read(name: string, tensor: TorchTensor): Promise<FloatTensor> {
    const where = `${this.#path}, tensor ${name}`;
    this.#count(elementCount(tensor.shape) * Float32Array.BYTES_PER_ELEMENT, where);
    const { key, bytes } = tensor.storage;
    if (this.#cached?.key !== key) {
      this.#count(bytes, where);
      this.#cached = { key, bytes: this.#archive.storage(key, bytes) };
    }
    return readTensor(tensor, await this.#cached.bytes, where);
  }

  #count(bytes: number, where: string): void {
    this.#bytesRead += bytes;
    if (this.#bytesRead > MAX_BYTES_READ) {
      throw new BadInput('makes the policy too large to import', where, 'use a smaller policy');
    }
  }

  close(): void {
    this.#archive.close();
  }
}
