import { realpathSync } from 'node:fs';
import { basename } from 'node:path';
import type { Command } from 'commander';
import { BadInput } from '../errors.js';

/** Files of a policy package that no command but `import` may write. */
const PACKAGE_FILES = new Set(['policy.json', 'denoiser.safetensors', 'encoder.safetensors']);

/** Options that name what a command writes. */
const OUTPUTS = ['output', 'features'] as const;

/**
 * Refuses a command whose output would take the place of something it reads, or of a policy's own files.
 * @throws BadInput naming the path
 */
export function refuseToOverwriteInputs(command: Command): void {
  const options = command.opts<Record<string, unknown>>();
  const isOutput = (name: string): boolean => (OUTPUTS as readonly string[]).includes(name);
  const inputs = Object.entries(options)
    .filter(([name]) => !isOutput(name))
    .map(([, value]) => value)
    .concat(command.args)
    .flat();
  for (const name of OUTPUTS) refuseToOverwrite(options[name], inputs);
}

/**
 * Refuses an output that would take the place of one of `inputs` or of a policy's own files.
 * @throws BadInput naming the path
 */
export function refuseToOverwrite(output: unknown, inputs: readonly unknown[]): void {
  const path = existing(output);
  if (path === undefined) return;
  if (inputs.map(existing).includes(path)) {
    throw new BadInput('is read by this command', path, 'choose another output path');
  }
  if (PACKAGE_FILES.has(basename(path))) {
    throw new BadInput('belongs to a policy package', path, 'choose another output path');
  }
}

/** The real path of something that is there. */
function existing(path: unknown): string | undefined {
  if (typeof path !== 'string') return undefined;
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
