import { McapConstants, McapStreamReader, type McapTypes } from '@mcap/core';
import { MAX_RECORD_BYTES } from './limits.js';
import type { RandomAccessFile } from './random_access_file.js';

const MAGIC_BYTES = McapConstants.MCAP_MAGIC.length;
const RECORD_HEADER_BYTES = 9;
/** Chunk fields before the name of the compression: start, end, size, CRC. */
const CHUNK_PREFIX_BYTES = 28;
const { Opcode } = McapConstants;
/** Records that carry data; all others are skipped unread. */
const READ_OPCODES: ReadonlySet<number> = new Set([
  Opcode.HEADER,
  Opcode.SCHEMA,
  Opcode.CHANNEL,
  Opcode.MESSAGE,
  Opcode.CHUNK,
]);

/** Schema, channel and message records, as they come in an MCAP file. */
export type DataRecord = McapTypes.TypedMcapRecord;

/**
 * Reads the data section of an MCAP file from its beginning, one record or chunk in memory at a time, without
 * its index. Yields the records of each chunk (or single records outside of chunks) as a group.
 * @param onTruncated called when the file ends before its data section does; all before that was yielded
 * @throws Error when a record is malformed or too large
 */
export async function* streamRecords(
  file: RandomAccessFile,
  decompressHandlers: McapTypes.DecompressHandlers,
  onTruncated: () => void,
): AsyncGenerator<DataRecord[]> {
  const reader = new McapStreamReader({ decompressHandlers, noMagicPrefix: true });
  let offset = MAGIC_BYTES;
  while (offset + RECORD_HEADER_BYTES <= file.bytes) {
    const header = await file.read(offset, RECORD_HEADER_BYTES);
    const opcode = header[0]!;
    if (opcode === Opcode.DATA_END || opcode === Opcode.FOOTER) return;
    const length = Number(
      new DataView(header.buffer, header.byteOffset + 1, 8).getBigUint64(0, true),
    );
    const bytes = RECORD_HEADER_BYTES + length;
    if (offset + bytes > file.bytes) {
      onTruncated();
      const left = file.bytes - offset;
      if (opcode === Opcode.CHUNK && left <= MAX_RECORD_BYTES) {
        yield recordsOfCutChunk(reader, await file.read(offset, left));
      }
      return;
    }
    if (READ_OPCODES.has(opcode)) {
      reader.append(await file.read(offset, bytes));
      yield [...nextRecords(reader)];
      if (reader.bytesRemaining() > 0) throw new Error(`a record at byte ${offset} is malformed`);
    }
    offset += bytes;
  }
  onTruncated();
}

function* nextRecords(reader: McapStreamReader): Generator<DataRecord> {
  for (let record; (record = reader.nextRecord());) yield record;
}

/** What an uncompressed chunk holds before the file ends; of a compressed one nothing can be read. */
function recordsOfCutChunk(reader: McapStreamReader, bytes: Uint8Array): DataRecord[] {
  const nameAt = RECORD_HEADER_BYTES + CHUNK_PREFIX_BYTES;
  const recordsAt = nameAt + 4 + 8;
  if (bytes.length < recordsAt) return [];
  const nameLength = new DataView(bytes.buffer, bytes.byteOffset).getUint32(nameAt, true);
  if (nameLength !== 0) return [];
  reader.append(bytes.subarray(recordsAt));
  return [...nextRecords(reader)];
}
