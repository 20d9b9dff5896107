import type { McapTypes } from '@mcap/core';
import { loadDecompressHandlers } from '@mcap/support';
import { MAX_RECORD_BYTES } from './limits.js';

/** Decompression of zstd and lz4 chunks that refuses a chunk by its declared size before unpacking it. */
export async function cappedDecompressHandlers(): Promise<McapTypes.DecompressHandlers> {
  const { zstd, lz4 } = await loadDecompressHandlers();
  const capped =
    (decompress: McapTypes.DecompressHandlers[string]) =>
    (chunk: Uint8Array, size: bigint): Uint8Array => {
      if (size > MAX_RECORD_BYTES) throw new Error(`a chunk of ${size} bytes is too large`);
      const bytes = decompress!(chunk, size);
      if (BigInt(bytes.byteLength) !== size) {
        throw new Error(`a chunk unpacks to ${bytes.byteLength} bytes, it says ${size}`);
      }
      return bytes;
    };
  return { zstd: capped(zstd), lz4: capped(lz4) };
}
