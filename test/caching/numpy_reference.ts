import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const PYTHON = process.env['BAC_POLICY_PYTHON'] ?? '.venv/bin/python';
const REFERENCE = fileURLToPath(
  new URL('../../../test/reference/bac_reference.py', import.meta.url),
);

/** What the reference says of one block. */
export interface ReferenceBlock {
  readonly layer: number;
  readonly kind: string;
  readonly updates: number[];
  readonly error: number;
}

/** Skips the suite, saying why, where there is no Python that can run the reference. */
export function needsNumpy(context: Mocha.Context): void {
  if (spawnSync(PYTHON, ['-c', 'import numpy, safetensors']).status === 0) return;
  process.stderr.write(`    skipped: ${PYTHON} lacks numpy or safetensors (BAC_POLICY_PYTHON)\n`);
  context.skip();
}

/** Runs `test/reference/bac_reference.py` on a file of raw features. */
export function bacReference(features: string, ...options: string[]): readonly ReferenceBlock[] {
  const output = execFileSync(PYTHON, [REFERENCE, features, ...options], { encoding: 'utf8' });
  return (JSON.parse(output) as { blocks: ReferenceBlock[] }).blocks;
}
