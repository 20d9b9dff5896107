import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { floatTensor, writeSafetensors } from '../../src/policy/safetensors.js';
import { type StartedCli, startCli } from '../cli/run_cli.js';
import { type Fixture, fixture } from '../support/fixtures.js';
import { normals } from '../support/seeded_random.js';
import { temporaryDirectory } from '../support/temporary_directory.js';

/** More than can be denoised before the test ends. */
const MANY = 20_000;

describe('interrupted', () => {
  let full: Fixture;
  let directory: string;
  const at = (name: string): string => join(directory, name);
  before(async () => {
    full = await fixture('full');
  });
  beforeEach(() => {
    directory = temporaryDirectory();
    for (const name of ['cache', 'tmp', 'outputs']) mkdirSync(at(name));
  });

  /** Starts it with directories of its own for everything it might leave. */
  const start = (...args: string[]): StartedCli =>
    startCli(args, { BAC_POLICY_CACHE: at('cache'), TMPDIR: at('tmp') });

  /** Waits until it is at work, sends the signal and checks how it ends and what it leaves. */
  const interrupt = async (
    { process: child, result }: StartedCli,
    isAtWork: () => boolean,
    signal: 'SIGINT' | 'SIGTERM' = 'SIGINT',
  ): Promise<void> => {
    try {
      for (let waited = 0; !isAtWork(); waited += 50) {
        assert.ok(waited < 60_000, 'never at work');
        await sleep(50);
      }
      await sleep(300);
      assert.equal(child.exitCode, null, 'still at work');
      const begin = Date.now();
      child.kill(signal);
      const { status, stdout, stderr } = await result;
      assert.ok(Date.now() - begin < 10_000, 'ends soon');
      assert.equal(status, signal === 'SIGINT' ? 130 : 143);
      assert.equal(stdout, '');
      assert.equal(stderr, '\ninterrupted: nothing half-written was kept\n');
    } finally {
      child.kill('SIGKILL');
    }
    assert.deepEqual(readdirSync(at('outputs')), []);
    assert.deepEqual(readdirSync(at('tmp')), []);
    const unfinished = readdirSync(at('cache')).filter((name) => name.endsWith('.part'));
    assert.deepEqual(unfinished, []);
  };

  /** When the two graphs of the dense policy and their notes are there, it denoises. */
  const denoises = (): boolean => readdirSync(at('cache')).length === 4;

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`run, by ${signal}, while it denoises`, async () => {
      const condition = floatTensor([MANY, 2, 7], normals(1, MANY * 14));
      const noises: [string, ReturnType<typeof floatTensor>][] = [
        ['initial_noise', floatTensor([MANY, 10, 4], new Float32Array(MANY * 40))],
      ];
      const ddim = await fixture('ddim');
      await writeSafetensors(at('in'), [
        ['condition', condition],
        ...noises,
        ['step_noise', floatTensor([16, MANY, 10, 4], new Float32Array(16 * MANY * 40))],
      ]);
      const args = ['--input', at('in'), '--output', join(at('outputs'), 'out')];
      await interrupt(start('run', ddim.policy.directory, ...args), denoises, signal);
    });
  }

  it('bench, while it measures', async () => {
    const args = ['bench', full.policy.directory, '--chunks', `${MANY}`, '--json'];
    await interrupt(start(...args), denoises);
  });

  it('bench, while the peers start: they end too', async () => {
    const python = at('python');
    writeFileSync(python, `#!/bin/bash\necho $$ > '${at('pid')}'\nexec sleep 300\n`);
    chmodSync(python, 0o755);
    const args = ['bench', full.policy.directory, '--peers', '--python', python];
    await interrupt(start(...args), () => existsSync(at('pid')));
    const pid = readFileSync(at('pid'), 'utf8').trim();
    for (let waited = 0; isRunning(pid); waited += 50) {
      assert.ok(waited < 5000, 'the peers live on');
      await sleep(50);
    }
  });

  it('before it has begun', async () => {
    const started = start('bench', full.policy.directory, '--json');
    let begun = false;
    setTimeout(() => (begun = true), 100);
    await interrupt(started, () => begun);
  });
});

/** Whether a process is there and not only waiting to be collected. */
function isRunning(pid: string): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
