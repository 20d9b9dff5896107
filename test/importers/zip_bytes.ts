import { crc32 } from 'node:zlib';

/** One entry; the fields beside the content are for lies. */
export interface ZipEntry {
  readonly name: string;
  readonly content: Buffer;
  /** Compression method written, 0 is stored. */
  readonly method?: number;
  /** Uncompressed size written. */
  readonly size?: number;
  readonly crc32?: number;
  /** Offset of another entry's local header to point at. */
  readonly offset?: number;
}

/** A zip file as `torch.save` writes it: entries stored, no data descriptors. */
export function zip(entries: readonly ZipEntry[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let position = 0;
  for (const entry of entries) {
    const name = Buffer.from(entry.name);
    // Fields that local header and central directory share (APPNOTE.TXT 4.4).
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(entry.method ?? 0, 4);
    common.writeUInt32LE(entry.crc32 ?? crc32(entry.content), 10);
    common.writeUInt32LE(entry.content.length, 14);
    common.writeUInt32LE(entry.size ?? entry.content.length, 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, name, entry.content]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(entry.offset ?? position, 10);
    directory.push(Buffer.from('PK\x01\x02\x14\x00', 'latin1'), common, tail, name);
    parts.push(local);
    position += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(position, 16);
  return Buffer.concat([...parts, central, end]);
}
