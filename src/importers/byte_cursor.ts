/** Reads a byte buffer front to back; every read is checked against what is left. */
export class ByteCursor {
  readonly #bytes: Buffer;
  readonly #truncated: (position: number) => Error;
  #position = 0;

  /** @param truncated makes the error for a read beyond the end at `position` */
  constructor(bytes: Buffer, truncated: (position: number) => Error) {
    this.#bytes = bytes;
    this.#truncated = truncated;
  }

  /** Bytes read so far. */
  get position(): number {
    return this.#position;
  }

  /** The next `length` bytes, as a view. */
  take(length: number): Buffer {
    if (length > this.#bytes.length - this.#position) throw this.#truncated(this.#position);
    const start = this.#position;
    this.#position += length;
    return this.#bytes.subarray(start, this.#position);
  }

  /** Text up to the next line feed, which is skipped; at most `maxLength` bytes. */
  line(maxLength: number): string {
    const end = this.#bytes.indexOf(0x0a, this.#position);
    if (end < 0 || end - this.#position > maxLength) throw this.#truncated(this.#position);
    const text = this.#bytes.toString('utf8', this.#position, end);
    this.#position = end + 1;
    return text;
  }

  uint8(): number {
    return this.take(1)[0]!;
  }

  uint16(): number {
    return this.take(2).readUInt16LE();
  }

  int32(): number {
    return this.take(4).readInt32LE();
  }

  uint32(): number {
    return this.take(4).readUInt32LE();
  }

  /** 64 bits as a number; beyond 2^53 it is rounded, which is more than any buffer holds. */
  uint64(): number {
    return Number(this.take(8).readBigUInt64LE());
  }

  float64BigEndian(): number {
    return this.take(8).readDoubleBE();
  }
}
