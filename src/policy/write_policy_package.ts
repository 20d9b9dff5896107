import { existsSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BadInput } from '../errors.js';
import { createDirectoryAtomically, sha256 } from '../files.js';
import { parseManifest, type PolicyManifest } from './manifest.js';
import { encodeSafetensors, type FloatTensor } from './safetensors.js';

/** `policy.json` before the learned files and their digests are known. */
export type PolicyDescription = Omit<PolicyManifest, 'files'>;

/** The tensors of the learned files, by name, in the order they are written. */
export interface PolicyContents {
  readonly denoiser: ReadonlyMap<string, FloatTensor>;
  readonly encoder: ReadonlyMap<string, FloatTensor> | undefined;
}

/** Files that this function writes: a directory of nothing else may be replaced. */
const OWN_FILES = new Set(['policy.json', 'denoiser.safetensors', 'encoder.safetensors']);

/**
 * Writes a policy package: all of it or nothing, and the same bytes for the same input. An earlier package
 * at `directory` is replaced, unless it holds plans or other files.
 * @returns the manifest as written and the digest of `policy.json`, which plans name
 * @throws BadInput when the description is wrong or `directory` holds something else
 */
export async function writePolicyPackage(
  directory: string,
  description: PolicyDescription,
  contents: PolicyContents,
): Promise<{ manifest: PolicyManifest; sha256: string }> {
  if (existsSync(join(directory, 'policy.json')) && existsSync(join(directory, 'plans'))) {
    throw new BadInput(
      'is a policy package with plans, which would not fit the new policy',
      directory,
      'delete it or choose another output path',
    );
  }
  const learned = new Map([['denoiser.safetensors', encodeSafetensors(contents.denoiser)]]);
  if (contents.encoder) {
    learned.set('encoder.safetensors', encodeSafetensors(contents.encoder));
  }
  const files: PolicyManifest['files'] = {};
  for (const [name, bytes] of learned) {
    files[name] = { sha256: sha256(bytes), bytes: bytes.length };
  }
  const manifest = parseManifest({ ...description, files }, join(directory, 'policy.json'));
  const text = `${JSON.stringify(manifest, undefined, 2)}\n`;
  await createDirectoryAtomically(directory, isReplaceable, async (temporary) => {
    for (const [name, bytes] of learned) await writeFile(join(temporary, name), bytes);
    await writeFile(join(temporary, 'policy.json'), text);
  });
  return { manifest, sha256: sha256(Buffer.from(text)) };
}

function isReplaceable(existing: string): boolean {
  const names = readdirSync(existing);
  return names.includes('policy.json') && names.every((name) => OWN_FILES.has(name));
}
