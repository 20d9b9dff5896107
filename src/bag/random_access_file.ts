import { open, type FileHandle } from 'node:fs/promises';
import { sizeOfFile } from '../files.js';
import { MAX_RECORD_BYTES } from './limits.js';

const READ_AHEAD_BYTES = 256 * 1024;

/** A file read at any offset, small neighbouring reads from one buffer. What `@mcap/core` calls IReadable. */
export class RandomAccessFile {
  readonly #handle: FileHandle;
  readonly #size: number;
  #window = new Uint8Array(0);
  #windowStart = 0;

  private constructor(handle: FileHandle, size: number) {
    this.#handle = handle;
    this.#size = size;
  }

  /** @throws BadInput when there is no such file */
  static async open(path: string): Promise<RandomAccessFile> {
    const size = await sizeOfFile(path);
    return new RandomAccessFile(await open(path), size);
  }

  /** Size of the file in bytes. */
  get bytes(): number {
    return this.#size;
  }

  /** As {@link bytes}, in the form `@mcap/core` asks for. */
  async size(): Promise<bigint> {
    return Promise.resolve(BigInt(this.#size));
  }

  /**
   * Bytes `offset .. offset + size` of the file; valid until the next call.
   * @throws Error when the range is not inside the file or larger than any record may be
   */
  async read(offset: bigint | number, size: bigint | number): Promise<Uint8Array> {
    const [start, length] = [Number(offset), Number(size)];
    if (start < 0 || length < 0 || start + length > this.#size) {
      throw new Error(`bytes ${start} .. ${start + length} lie outside the file`);
    }
    if (length > MAX_RECORD_BYTES) throw new Error(`a record of ${length} bytes is too large`);
    const from = start - this.#windowStart;
    if (from >= 0 && from + length <= this.#window.length) {
      return this.#window.subarray(from, from + length);
    }
    const wanted = Math.min(Math.max(length, READ_AHEAD_BYTES), this.#size - start);
    const buffer = new Uint8Array(wanted);
    const { bytesRead } = await this.#handle.read(buffer, 0, wanted, start);
    if (bytesRead < length) throw new Error('the file became shorter while it was read');
    this.#window = buffer.subarray(0, bytesRead);
    this.#windowStart = start;
    return this.#window.subarray(0, length);
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}
