import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A directory for the tests of one `describe`, gone when they are done. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'bac_policy_importers-'));
  after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Writes a file there and gives its path. */
export function writeTemporary(
  directory: string,
  name: string,
  bytes: Uint8Array | string,
): string {
  const path = join(directory, name);
  writeFileSync(path, bytes);
  return path;
}
