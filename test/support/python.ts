import { spawnSync } from 'node:child_process';

/** A Python with the packages that tests compare with (scripts/requirements-test.txt). */
export const PYTHON = process.env['BAC_POLICY_PYTHON'] ?? '.venv/bin/python';

/** Skips a test, saying why, where Python lacks one of these packages. */
export function requirePython(context: Mocha.Context, ...packages: readonly string[]): void {
  const { status } = spawnSync(PYTHON, ['-c', `import ${packages.join(', ')}`]);
  if (status === 0) return;
  process.stderr.write(`    skipped: ${PYTHON} has no ${packages.join(', ')}: see make test\n`);
  context.skip();
}
