import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCompiled } from '../support/engines.js';
import { type Fixture, fixture } from '../support/fixtures.js';
import { writePlanFor } from '../support/plans.js';
import { bacLike, dense, unified } from '../support/schedules.js';
import { temporaryDirectory } from '../support/temporary_directory.js';
import { type CliResult, runCli, startCli } from './run_cli.js';

interface Row {
  readonly name: string;
  readonly engine: string;
  readonly threads: number;
  readonly median_ms: number;
  readonly p90_ms: number;
  readonly p99_ms: number;
  readonly cost: number;
  readonly error_rms: number;
}

describe('bac-policy bench', () => {
  const directory = temporaryDirectory();
  const at = (name: string): string => join(directory, name);
  let full: Fixture;
  before(async () => {
    full = await fixture('full');
    writePlanFor(full.policy, unified(6, [0]), at('once.json'));
    writePlanFor(full.policy, bacLike(6, 20, 3, 4), at('bac.json'));
    writePlanFor(full.policy, dense(6, 20), at('all.json'));
  });

  const bench = (...options: string[]): CliResult => {
    const result = runCli('bench', full.policy.directory, '--chunks', '4', ...options);
    assert.equal(result.stderr, '');
    assert.equal(result.status, 0);
    return result;
  };
  const plans = (...names: string[]): string[] => names.flatMap((name) => ['--plan', at(name)]);
  const json = (...options: string[]) =>
    JSON.parse(bench('--json', ...options).stdout) as {
      rows: Row[];
      skipped: { name: string; engine: string; skipped: string }[];
    };

  it('gives a row of numbers for dense and for every plan', () => {
    const { rows, skipped } = json(
      ...plans('once.json', 'bac.json', 'all.json'),
      ...['--input', full.vectorsPath],
    );
    assert.deepEqual(skipped, []);
    assert.deepEqual(
      rows.map(({ name, engine, threads }) => [name, engine, threads]),
      [
        ['dense', 'compiled', 1],
        ['once.json', 'compiled', 1],
        ['bac.json', 'compiled', 1],
        ['all.json', 'compiled', 1],
      ],
    );
    const [first, once, bac, all] = rows as [Row, Row, Row, Row];
    for (const row of rows) {
      assert.ok(row.median_ms > 0 && row.median_ms < 1000);
      assert.ok(row.median_ms <= row.p90_ms && row.p90_ms <= row.p99_ms);
    }
    assert.deepEqual([first.cost, first.error_rms], [1, 0]);
    assert.deepEqual([all.cost, all.error_rms], [1, 0]);
    assert.ok(0 < once.cost && once.cost < bac.cost && bac.cost < 1, `${once.cost}, ${bac.cost}`);
    assert.ok(once.error_rms > 0 && bac.error_rms > 0);
  });

  it('says what the cost model expects, of every row and of nothing else', () => {
    const { rows } = json(...plans('once.json', 'bac.json'), '--predict') as unknown as {
      rows: { name: string; own_ms: number; predicted_ms: number }[];
    };
    assert.deepEqual(
      rows.map(({ name }) => name),
      ['dense', 'once.json', 'bac.json'],
    );
    for (const { name, own_ms: own, predicted_ms: predicted } of rows) {
      assert.ok(predicted > own / 3 && predicted < 3 * own, `${name}: ${predicted} for ${own}`);
    }
    assert.match(bench(...plans('once.json'), '--predict').stdout, /own ms +predicted +off/);
  });

  it('measures the error in the unit of the action, with the same noise', async () => {
    const { rows } = json(...plans('once.json'), '--input', full.vectorsPath);
    const reference = await runCompiled(full.policy, undefined, full.inputs);
    const cached = await runCompiled(full.policy, unified(6, [0]), full.inputs);
    let sum = 0;
    for (const [i, value] of cached.action.entries()) sum += (value - reference.action[i]!) ** 2;
    const expected = Math.sqrt(sum / cached.action.length);
    assert.ok(Math.abs(rows[1]!.error_rms - expected) < 1e-5 * expected);
  });

  it('prints a table, on made-up observations when given none', () => {
    const { stdout } = bench(...plans('bac.json'), '--threads', '2');
    const lines = stdout.split('\n').map((line) => line.trim());
    assert.match(lines[0]!, /^name +engine +median ms +p90 +p99 +vs dense +cost +error/);
    assert.ok(lines.some((line) => /^dense +compiled +.* 1\.0x +1\.000 +0\.00e\+0$/.test(line)));
    assert.ok(lines.some((line) => /^bac\.json +compiled +\d/.test(line)));
    assert.match(stdout, /4 chunks each, in turn, 2 threads\..*made-up observations/s);
  });

  describe('where there is no GPU', () => {
    const benchOn = (...providers: string[]): Promise<CliResult> =>
      startCli(
        ['bench', full.policy.directory, '--chunks', '1', '--json', '--provider', ...providers],
        { CUDA_VISIBLE_DEVICES: '' },
      ).result;

    it('computes on the CPU once, and says why', async () => {
      const { status, stdout, stderr } = await benchOn('auto', 'cpu');
      assert.equal(status, 0);
      const { rows } = JSON.parse(stdout) as { rows: Row[] };
      assert.deepEqual(
        rows.map(({ name, engine }) => [name, engine]),
        [['dense', 'compiled']],
      );
      assert.match(stderr, /^CUDA cannot be used: [^\n]+; the CPU is used instead\n$/);
    });

    it('refuses to measure a GPU', async () => {
      const { status, stderr } = await benchOn('cuda');
      assert.equal(status, 2);
      assert.match(stderr, /^bac-policy: execution provider cuda: CUDA cannot be used: [^\n]+\n$/);
    });
  });

  it('says in words who did not take part', () => {
    const { stdout } = bench('--peers', '--python', at('no such program'));
    assert.match(stdout, /\nskipped: peers \(python\): cannot start .* ENOENT\n$/);
  });

  describe('with peers that are not there', () => {
    /** Programs in the place of Python, by what they do. */
    const PROGRAMS: Readonly<Record<string, [string, RegExp]>> = {
      'a Python without torch': [
        `echo 'Traceback (most recent call last):' >&2; echo "ModuleNotFoundError: No module named 'torch'" >&2; exit 1`,
        /ModuleNotFoundError: No module named 'torch'/,
      ],
      'a program that says nothing': ['exit 0', /ended without a word/],
      'a program that says something else': ['echo hello; sleep 60', /answered 'hello'/],
      'peers that end after their greeting': [
        `echo '{"torch": "2", "engines": ["eager"]}'; read -r line; echo 'killed' >&2; exit 1`,
        /peers ended/,
      ],
      'peers that cannot': [
        `echo '{"torch": "2", "engines": ["eager"]}'; while read -r line; do echo '{"skipped": "too old"}'; done`,
        /^too old$/,
      ],
    };
    for (const [name, [script, message]] of Object.entries(PROGRAMS)) {
      it(`goes on and says why: ${name}`, () => {
        const program = at(`python ${name}`);
        writeFileSync(program, `#!/bin/bash\n${script}\n`);
        chmodSync(program, 0o755);
        const begin = Date.now();
        const { rows, skipped } = json('--peers', '--python', program);
        assert.ok(Date.now() - begin < 30_000, 'does not wait for them');
        assert.deepEqual(
          rows.map((row) => row.name),
          ['dense'],
        );
        assert.equal(skipped.length, 1);
        assert.match(skipped[0]!.skipped, message);
      });
    }
  });
});
