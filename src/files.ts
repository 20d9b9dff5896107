import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { BadInput } from './errors.js';

const MEBI = 1024 * 1024;

/** SHA-256 of bytes, lower-case hexadecimal. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** SHA-256 of a file of any size, read in pieces. */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  const file = await open(path);
  try {
    for await (const chunk of file.createReadStream()) hash.update(chunk as Uint8Array);
  } finally {
    await file.close();
  }
  return hash.digest('hex');
}

/** Node reads no larger file at once. */
const MAX_READ_BYTES = 2 ** 31 - 1;

/**
 * Reads a whole file after checking that it is a file and not larger than `maxBytes` (2 GiB at most).
 * @throws BadInput when it is missing, no file, or too large
 */
export async function readChecked(path: string, maxBytes: number): Promise<Buffer> {
  const size = await sizeOfFile(path);
  const allowed = Math.min(maxBytes, MAX_READ_BYTES);
  if (size > allowed) {
    throw new BadInput(
      `is ${(size / MEBI).toFixed(1)} MiB, more than the ${(allowed / MEBI).toFixed(1)} MiB allowed`,
      path,
      'check that it is the right file',
    );
  }
  return readFile(path);
}

/** Size of a regular file in bytes. @throws BadInput when there is no such file */
export async function sizeOfFile(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined);
  if (!found) throw new BadInput('does not exist', path, 'check the path');
  if (!found.isFile()) throw new BadInput('is not a file', path, 'give the path of a file');
  return found.size;
}

/** Temporaries in use; a process that ends half-way takes them with it. */
const unfinished = new Set<string>();
process.on('exit', () => {
  for (const path of unfinished) {
    try {
      rmSync(path, { recursive: true, force: true });
    } catch {
      // It was never made: a part of its path is a file.
    }
  }
});

/** A name beside `path`, on the same file system, for what is not finished yet. */
function temporaryBeside(path: string): string {
  const name = `.${basename(path)}.${randomBytes(4).toString('hex')}.part`;
  const temporary = join(dirname(path), name);
  unfinished.add(temporary);
  return temporary;
}

/**
 * Gives `use` an empty directory for intermediate files, which is gone when it ends, also when the process
 * ends before.
 */
export async function withTemporaryDirectory<T>(
  use: (directory: string) => Promise<T>,
): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'bac_policy-'));
  unfinished.add(directory);
  try {
    return await use(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
    unfinished.delete(directory);
  }
}

/** As Node's recursive `mkdir`, which never returns from places such as /proc/nowhere. */
async function makeDirectories(path: string): Promise<void> {
  if (await makeDirectory(path)) return;
  await makeDirectories(dirname(path));
  if (!(await makeDirectory(path))) await mkdir(path);
}

/** @returns whether the directory is there; else its parent is missing */
async function makeDirectory(path: string): Promise<boolean> {
  try {
    await mkdir(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && dirname(path) !== path) return false;
    // Another program may have made it at the same time.
    if (code !== 'EEXIST' || !statSync(path).isDirectory()) throw error;
  }
  return true;
}

/** Writes a file so that other programs see either all of it or nothing. */
export async function writeAtomically(path: string, bytes: Uint8Array | string): Promise<void> {
  await createFileAtomically(path, async (temporary) => writeFile(temporary, bytes));
}

/**
 * As {@link writeAtomically} for files that do not fit into memory: `fill` writes a new file at the path it is
 * given, which then takes the place of `path`; a failure leaves nothing behind.
 * @throws BadInput when `path` is a directory
 */
export async function createFileAtomically(
  path: string,
  fill: (temporary: string) => Promise<void>,
): Promise<void> {
  const existing = await stat(path).catch(() => undefined);
  if (existing?.isDirectory()) {
    throw new BadInput('is a directory', path, 'give the path of a file to write');
  }
  const temporary = temporaryBeside(path);
  await makeDirectories(dirname(path));
  try {
    await fill(temporary);
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
    unfinished.delete(temporary);
  }
}

/**
 * Fills a new directory through `fill` and puts it at `path` only when that succeeded; a failure, or a
 * process that is ended half-way, leaves nothing at `path`.
 * @param mayReplace says whether a directory that is already there is ours to replace
 * @throws BadInput when `path` exists and is not ours to replace
 */
export async function createDirectoryAtomically(
  path: string,
  mayReplace: (existing: string) => boolean,
  fill: (directory: string) => Promise<void>,
): Promise<void> {
  const free =
    !existsSync(path) ||
    (statSync(path).isDirectory() && (isEmptyDirectory(path) ?? mayReplace(path)));
  if (!free) {
    throw new BadInput('exists and holds something else', path, 'choose another output path');
  }
  const temporary = temporaryBeside(path);
  try {
    await makeDirectories(temporary);
    await fill(temporary);
    await rm(path, { recursive: true, force: true });
    await rename(temporary, path);
  } finally {
    await rm(temporary, { recursive: true, force: true });
    unfinished.delete(temporary);
  }
}

/** True for an empty directory, undefined for anything else. */
function isEmptyDirectory(path: string): true | undefined {
  try {
    return readdirSync(path).length === 0 ? true : undefined;
  } catch {
    return undefined;
  }
}
