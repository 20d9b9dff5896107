import { crc32 } from 'node:zlib';
import { openPromise, type Entry, type ZipFile } from 'yauzl';
import { BadInput, messageOf } from '../errors.js';
import { sizeOfFile } from '../files.js';

/** One entry per tensor storage: an 8-layer DP-T with EMA and optimiser has 1,000. */
const MAX_ENTRIES = 200_000;
const MAX_PICKLE_BYTES = 64 * 1024 ** 2;
const MAX_STORAGE_BYTES = 1024 ** 3;
const LOCAL_HEADER_BYTES = 30;
const STORED = 0;

/**
 * The zip file that `torch.save` writes since torch 1.6: `NAME/data.pkl`, `NAME/data/KEY` for each storage
 * and sometimes `NAME/byteorder`, all stored without compression. Entries are checked when it is opened
 * (names, sizes, overlaps) and read one at a time, each into exactly as much memory as it has bytes.
 */
export class TorchArchive {
  readonly #path: string;
  readonly #zip: ZipFile;
  readonly #entries: ReadonlyMap<string, Entry>;
  readonly #root: string;

  private constructor(path: string, zip: ZipFile, entries: ReadonlyMap<string, Entry>) {
    this.#path = path;
    this.#zip = zip;
    this.#entries = entries;
    const roots = [...entries.keys()].filter((name) => /^[^/]+\/data\.pkl$/.test(name));
    if (roots.length !== 1) {
      throw new BadInput(
        'is a zip file, but not one that torch.save wrote (it has no single NAME/data.pkl)',
        path,
        'give a checkpoint of diffusion_policy',
      );
    }
    this.#root = roots[0]!.slice(0, -'/data.pkl'.length);
  }

  /** @throws BadInput when the file is no zip file of torch, or a zip file made to harm */
  static async open(path: string): Promise<TorchArchive> {
    const size = await sizeOfFile(path);
    const zip = await readable(path, openPromise(path, { autoClose: false, lazyEntries: true }));
    try {
      const archive = new TorchArchive(path, zip, await readable(path, listEntries(zip, size)));
      await archive.#checkByteOrder();
      return archive;
    } catch (error) {
      zip.close();
      throw error;
    }
  }

  /** `data.pkl`: the pickle of everything but the tensors' values. */
  pickle(): Promise<Buffer> {
    return this.#read('data.pkl', MAX_PICKLE_BYTES);
  }

  /** The bytes of a storage, which must be exactly this many. */
  async storage(key: string, bytes: number): Promise<Buffer> {
    const name = `data/${key}`;
    const size = this.#entries.get(`${this.#root}/${name}`)?.uncompressedSize;
    if (size !== undefined && size !== bytes) {
      throw this.#damaged(`holds ${size} bytes, its tensors need ${bytes}`, name);
    }
    return this.#read(name, MAX_STORAGE_BYTES);
  }

  close(): void {
    this.#zip.close();
  }

  async #checkByteOrder(): Promise<void> {
    if (!this.#entries.has(`${this.#root}/byteorder`)) return;
    const order = (await this.#read('byteorder', 16)).toString('latin1').trim();
    if (order !== 'little') {
      throw new BadInput(
        'was saved on a big-endian machine',
        this.#path,
        'save it again on a little-endian one (x86, ARM)',
      );
    }
  }

  async #read(name: string, maxBytes: number): Promise<Buffer> {
    const entry = this.#entries.get(`${this.#root}/${name}`);
    if (!entry) throw this.#damaged('is missing', name);
    if (entry.uncompressedSize > maxBytes) {
      throw this.#damaged(`has ${entry.uncompressedSize} bytes, more than is allowed`, name);
    }
    const bytes = Buffer.allocUnsafeSlow(entry.uncompressedSize);
    let filled = 0;
    const fill = async (): Promise<void> => {
      for await (const chunk of await this.#zip.openReadStreamPromise(entry)) {
        filled += (chunk as Buffer).copy(bytes, filled);
      }
    };
    await readable(this.#path, fill());
    if (filled !== bytes.length || crc32(bytes) !== entry.crc32) {
      throw this.#damaged('does not have the checksum that the zip file gives', name);
    }
    return bytes;
  }

  #damaged(what: string, name: string): BadInput {
    return new BadInput(what, `${this.#path}, entry ${name}`, 'copy or save the checkpoint again');
  }
}

/** Lists the entries and refuses what no `torch.save` writes. */
async function listEntries(zip: ZipFile, fileSize: number): Promise<Map<string, Entry>> {
  if (zip.entryCount > MAX_ENTRIES) throw new Error(`it has ${zip.entryCount} entries`);
  const entries = new Map<string, Entry>();
  for await (const entry of zip.eachEntry()) {
    const { fileName } = entry;
    if (fileName.endsWith('/')) continue;
    if (entries.has(fileName)) throw new Error(`it has the entry ${fileName} twice`);
    // Compression is what zip bombs need, and torch.save never compresses.
    if (entry.compressionMethod !== STORED || entry.isEncrypted()) {
      throw new Error(`its entry ${fileName} is compressed or encrypted`);
    }
    entries.set(fileName, entry);
  }
  // Entries that share bytes of the file would be another kind of bomb.
  let end = 0;
  const inOrder = [...entries.values()].sort(
    (a, b) => a.relativeOffsetOfLocalHeader - b.relativeOffsetOfLocalHeader,
  );
  for (const entry of inOrder) {
    if (entry.relativeOffsetOfLocalHeader < end) throw new Error('its entries overlap');
    end = entry.relativeOffsetOfLocalHeader + LOCAL_HEADER_BYTES + entry.compressedSize;
    if (end > fileSize) throw new Error(`its entry ${entry.fileName} reaches beyond its end`);
  }
  return entries;
}

/** Turns whatever the zip library says into one line about the file. */
async function readable<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof BadInput) throw error;
    throw new BadInput(
      `is not a readable zip file as torch.save writes it (${messageOf(error)})`,
      path,
      'check that it is the right file and complete; checkpoints older than torch 1.6 must be saved again',
    );
  }
}
