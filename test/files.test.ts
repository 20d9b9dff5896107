import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { BadInput } from '../src/errors.js';
import {
  createDirectoryAtomically,
  createFileAtomically,
  readChecked,
  sha256,
  sha256OfFile,
  withTemporaryDirectory,
  writeAtomically,
} from '../src/files.js';
import { temporaryDirectory } from './support/temporary_directory.js';

describe('files', () => {
  const directory = temporaryDirectory();
  let next = 0;
  /** A path nothing stands at, in a directory of its own. */
  const fresh = (): string => {
    const own = join(directory, `${next++}`);
    mkdirSync(own);
    return join(own, 'file');
  };
  const beside = (path: string): string[] => readdirSync(join(path, '..'));

  it('are told apart by their digest, however they are read', async () => {
    const path = fresh();
    writeFileSync(path, 'abc');
    const digest = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    assert.equal(sha256(Buffer.from('abc')), digest);
    assert.equal(await sha256OfFile(path), digest);
  });

  it('are read only when they are files of an expected size', async () => {
    const path = fresh();
    await assert.rejects(readChecked(path, 10), /does not exist; check the path/);
    await assert.rejects(readChecked(join(path, '..'), 10), /is not a file/);
    writeFileSync(path, 'abc');
    assert.equal((await readChecked(path, 3)).toString(), 'abc');
    await assert.rejects(readChecked(path, 2), BadInput);
    truncateSync(path, 5 * 1024 ** 3);
    await assert.rejects(readChecked(path, 2 ** 50), /is 5120\.0 MiB, more than the 2048\.0 MiB/);
  });

  it('are written whole or not at all', async () => {
    const path = fresh();
    await writeAtomically(path, 'first');
    const failing = createFileAtomically(path, (temporary) => {
      writeFileSync(temporary, 'half');
      return Promise.reject(new Error('disk full'));
    });
    await assert.rejects(failing, /disk full/);
    assert.equal(readFileSync(path, 'utf8'), 'first');
    assert.deepEqual(beside(path), ['file']);
    await assert.rejects(writeAtomically(join(path, '..'), 'x'), /is a directory; give the path/);
  });

  it('in directories: whole or not at all, and only over what is ours', async () => {
    const path = fresh();
    const fill = (name: string) => (temporary: string) =>
      Promise.resolve(writeFileSync(join(temporary, name), ''));
    await createDirectoryAtomically(path, () => false, fill('a'));
    await assert.rejects(
      createDirectoryAtomically(path, () => false, fill('b')),
      /exists and holds something else/,
    );
    await createDirectoryAtomically(path, () => true, fill('c'));
    const failing = createDirectoryAtomically(
      path,
      () => true,
      () => Promise.reject(new Error('no')),
    );
    await assert.rejects(failing, /no/);
    assert.deepEqual(readdirSync(path), ['c']);
    assert.deepEqual(beside(path), ['file']);
  });

  it('for a while: a temporary directory is gone when its user is done or fails', async () => {
    const seen: string[] = [];
    const use = (fails: boolean): Promise<number> =>
      withTemporaryDirectory((temporary) => {
        seen.push(temporary);
        writeFileSync(join(temporary, 'x'), '');
        return fails ? Promise.reject(new Error('failed')) : Promise.resolve(3);
      });
    assert.equal(await use(false), 3);
    await assert.rejects(use(true), /failed/);
    assert.equal(new Set(seen).size, 2);
    assert.ok(seen.every((path) => !existsSync(path)));
  });
});
