import assert from 'node:assert/strict';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type CliResult, startCli } from '../cli/run_cli.js';
import { temporaryDirectory } from './temporary_directory.js';

/** A run that must be refused. */
export interface Refusal {
  /**
   * Prepares the files in a directory of its own.
   * @returns arguments; those that are outputs must lie in `outputs`
   */
  readonly prepare: (directory: string, outputs: string) => string[] | Promise<string[]>;
  /** What the only line on standard error must hold. */
  readonly says: RegExp;
}

/** Two at a time: as many as there are cores at least. */
const PARALLEL = 2;

/**
 * Declares a test for each: exit code 2, one clear line, nothing printed, nothing left behind. The programs
 * run beside each other before the first test.
 */
export function itRefuses(refusals: Readonly<Record<string, Refusal>>): void {
  const results = new Map<string, CliResult & { readonly left: readonly string[] }>();
  before(async () => {
    const waiting = Object.entries(refusals);
    const work = async (): Promise<void> => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        const [name, { prepare }] = next;
        const directory = temporaryDirectory();
        const outputs = join(directory, 'outputs');
        mkdirSync(outputs);
        const args = await prepare(directory, outputs);
        const before = readdirSync(directory).sort();
        const result = await startCli(args).result;
        const left = readdirSync(outputs);
        assert.deepEqual(readdirSync(directory).sort(), before, `${name}: left files behind`);
        results.set(name, { ...result, left });
      }
    };
    await Promise.all(Array.from({ length: PARALLEL }, work));
  });
  for (const [name, { says }] of Object.entries(refusals)) {
    it(name, () => {
      const { status, stdout, stderr, left } = results.get(name)!;
      assert.match(stderr, says);
      assert.match(stderr, /^bac-policy: [^\n]+\n$/, 'one line');
      assert.equal(status, 2);
      assert.equal(stdout, '');
      assert.deepEqual(left, []);
    });
  }
}
