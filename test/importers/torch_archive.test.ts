import assert from 'node:assert/strict';
import { BadInput } from '../../src/errors.js';
import { TorchArchive } from '../../src/importers/torch_archive.js';
import { temporaryDirectory, writeTemporary } from './temporary_files.js';
import { zip, type ZipEntry } from './zip_bytes.js';

const pickle: ZipEntry = { name: 'any name/data.pkl', content: Buffer.from('N.') };
const storage: ZipEntry = { name: 'any name/data/0', content: Buffer.alloc(8, 7) };

describe('torch archive', () => {
  const directory = temporaryDirectory();
  let files = 0;
  const open = (bytes: Uint8Array): Promise<TorchArchive> =>
    TorchArchive.open(writeTemporary(directory, `${files++}.ckpt`, bytes));
  const refuses = async (bytes: Uint8Array, expected: RegExp): Promise<void> => {
    const work = async (): Promise<void> => {
      const archive = await open(bytes);
      try {
        await archive.pickle();
        await archive.storage('0', 8);
      } finally {
        archive.close();
      }
    };
    await assert.rejects(
      work,
      (error) => error instanceof BadInput && expected.test(error.message),
    );
  };

  it('reads the pickle and storages under any root name', async () => {
    const byteOrder = { name: 'any name/byteorder', content: Buffer.from('little') };
    const archive = await open(zip([pickle, byteOrder, storage]));
    assert.equal((await archive.pickle()).toString(), 'N.');
    assert.deepEqual(await archive.storage('0', 8), Buffer.alloc(8, 7));
    archive.close();
  });

  it('refuses a storage of another size than its tensors need', async () => {
    const archive = await open(zip([pickle, storage]));
    await assert.rejects(archive.storage('0', 12), /entry data\/0: holds 8 bytes.*need 12/);
    await assert.rejects(archive.storage('1', 8), /entry data\/1: is missing/);
    await assert.rejects(archive.storage('../data.pkl', 2), /is missing/);
    archive.close();
  });

  it('refuses what is no checkpoint', async () => {
    await refuses(Buffer.alloc(0), /not a readable zip/);
    await refuses(Buffer.from('\x80\x02}q\x00.', 'latin1'), /older than torch 1.6/);
    await refuses(zip([{ name: 'a.txt', content: Buffer.from('a') }]), /not one that torch.save/);
    await refuses(zip([pickle, { ...pickle, name: 'b/data.pkl' }]), /no single/);
    await assert.rejects(TorchArchive.open(directory), /is not a file/);
    await assert.rejects(TorchArchive.open(`${directory}/none`), /does not exist/);
  });

  it('refuses a big-endian machine', async () => {
    const byteOrder = { name: 'any name/byteorder', content: Buffer.from('big') };
    await refuses(zip([pickle, storage, byteOrder]), /big-endian/);
  });

  it('refuses every truncation', async () => {
    const whole = zip([pickle, storage]);
    for (let length = 0; length < whole.length; length += 7) {
      await refuses(whole.subarray(0, length), /not a readable zip/);
    }
  });

  it('refuses changed content by its checksum', async () => {
    await refuses(zip([pickle, { ...storage, crc32: 1 }]), /entry data\/0: .*checksum/);
  });

  it('refuses zip bombs: compression, sizes that lie, entries that overlap or repeat', async () => {
    await refuses(zip([pickle, { ...storage, method: 8, size: 2 ** 31 }]), /compressed/);
    await refuses(zip([pickle, { ...storage, size: 2 ** 31 }]), /not a readable zip/);
    await refuses(
      zip([pickle, storage, { ...storage, name: 'any name/data/1', offset: 0 }]),
      /overlap/,
    );
    await refuses(zip([pickle, storage, storage]), /twice/);
  });

  it('refuses names that leave the directory (zip-slip)', async () => {
    for (const name of ['../evil', '/etc/passwd', 'a/../../evil']) {
      await refuses(zip([pickle, storage, { ...storage, name }]), /not a readable zip/);
    }
  });
});
