import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import '../support/cache_directory.js';

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
  return runCliWith('', ...args);
}

/** The same with `input` on its standard input. */
export function runCliWith(input: string, ...args: string[]): CliResult {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    encoding: 'utf8',
    input,
  });
  return { status, stdout, stderr };
}

/** A run of the command line that has not ended yet. */
export interface StartedCli {
  readonly process: ChildProcess;
  readonly result: Promise<CliResult>;
}

/** Starts `bac-policy` beside the test. @param environment changes that of the test; undefined takes away */
export function startCli(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>> = {},
): StartedCli {
  const child = spawn(process.execPath, [MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (text: Buffer) => (stdout += text.toString()));
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
  const result = new Promise<CliResult>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, stdout, stderr }));
  });
  return { process: child, result };
}
