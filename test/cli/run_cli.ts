import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The command line as built beside these tests. */
const MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

/** What a run of the command line left. */
export interface CliResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `bac-policy` with these arguments to its end. */
export function runCli(...args: string[]): CliResult {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}
