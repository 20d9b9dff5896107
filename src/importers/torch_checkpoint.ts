import { BadInput } from '../errors.js';
import type { FloatTensor } from '../policy/safetensors.js';
import { readPickle } from './pickle_reader.js';
import type { PickleValue } from './pickle_values.js';
import { TorchArchive } from './torch_archive.js';
import { readTensor, TorchTensor } from './torch_tensor.js';

/** All tensors taken from one checkpoint together, bytes. */
const MAX_TENSOR_BYTES = 2 * 1024 ** 3;

/** A file of `torch.save`, read as data: its pickle at once, its tensors when asked for. */
export class TorchCheckpoint {
  readonly #archive: TorchArchive;
  readonly #path: string;
  #bytesRead = 0;

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
    this.#bytesRead += tensor.storage.bytes;
    if (this.#bytesRead > MAX_TENSOR_BYTES) {
      throw new BadInput('makes the policy larger than 2 GiB', where, 'use a smaller policy');
    }
    const storage = await this.#archive.storage(tensor.storage.key, tensor.storage.bytes);
    return readTensor(tensor, storage, where);
  }

  close(): void {
    this.#archive.close();
  }
}
