import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ReportFacts } from '../../src/report/facts/report_facts.js';
import { errorUnit, intervalText } from '../../src/report/sections/error_text.js';
import { type Fixture, fixture } from '../support/fixtures.js';
import { writePlanFor } from '../support/plans.js';
import { bacLike, unified } from '../support/schedules.js';
import { temporaryDirectory } from '../support/temporary_directory.js';
import { type CliResult, runCli, startCli } from './run_cli.js';

const MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

/** All that does not depend on how fast the machine was. */
function withoutTimes(facts: ReportFacts): ReportFacts {
  return {
    ...facts,
    rows: facts.rows.map((row) => ({
      ...row,
      time: null,
      best_at: { ...row.best_at, its_ms: false },
    })),
    made: { ...facts.made, date: '' },
  };
}

describe('bac-policy report', function () {
  this.timeout(120_000);
  const directory = temporaryDirectory();
  const at = (name: string): string => join(directory, name);
  let full: Fixture;
  let arguments_: string[];
  before(async () => {
    full = await fixture('full');
    writePlanFor(full.policy, unified(6, [0]), at('once.json'));
    writePlanFor(full.policy, bacLike(6, 20, 3, 4), at('often.json'));
    const calibrated = runCli(
      ...['calibrate', full.policy.directory, '--vectors', full.vectorsPath],
      ...['--samples', '2', '--trajectories', '4', '-o', at('calibration')],
    );
    assert.equal(calibrated.status, 0, calibrated.stderr);
    arguments_ = [
      ...['report', full.policy.directory, '--calibration', at('calibration')],
      ...['--vectors', full.vectorsPath, '--plan', at('once.json'), '--plan', at('often.json')],
      ...['--chunks', '8'],
    ];
  });

  const report = (...more: string[]): CliResult => {
    const result = runCli(...arguments_, ...more);
    assert.equal(result.stderr, '');
    assert.equal(result.status, 0);
    return result;
  };
  const refused = (...more: string[]): string => {
    const { status, stdout, stderr } = runCli(...arguments_, ...more);
    assert.equal(status, 2, stdout);
    assert.match(stderr, /^bac-policy: [^\n]+\n$/);
    return stderr;
  };

  it('writes a page, and says in a line what it is about', () => {
    const { stdout } = report('-o', at('report.html'));
    assert.equal(stdout, `3 plans on 3 observations: written to ${at('report.html')}\n`);
    const page = readFileSync(at('report.html'), 'utf8');
    assert.match(page, /^<!doctype html>/);
    // The vectors are those it was calibrated on.
    assert.match(page, /These observations were calibrated on/);
    assert.ok(page.includes(`npx bac-policy report ${full.policy.directory}`));
  });

  it('prints all numbers as JSON, with the command that makes them again', () => {
    const first = JSON.parse(report('--format', 'json').stdout) as ReportFacts;
    const again = JSON.parse(report('--format', 'json').stdout) as ReportFacts;
    assert.deepEqual(
      first.rows.map(({ name, engine }) => [name, engine]),
      [
        ['dense', 'compiled'],
        ['once', 'compiled'],
        ['often', 'compiled'],
        ['no network (S = 0)', 'compiled'],
      ],
    );
    const [, once, often] = first.rows;
    assert.ok(once!.cost < often!.cost && once!.time!.vs_dense > 1);
    assert.ok(first.similarity.length === 6 && first.similarity[0]!.cosine.length === 20);
    // All but times is the same again.
    for (const [i, { error, cost, plan }] of again.rows.entries()) {
      const row = first.rows[i]!;
      assert.deepEqual([error, cost, plan], [row.error, row.cost, row.plan]);
    }
    assert.deepEqual(again.made, first.made);
    assert.ok(first.made.command.endsWith('--chunks 8 --format json'));
  });

  it('is made again, but for its times, by the command that it prints', () => {
    const elsewhere = `the "same" again=${full.vectorsPath}`;
    report('--elsewhere', elsewhere, '--methods', 'ddim,teacache', '-o', at('again.html'));
    const page = readFileSync(at('again.html'), 'utf8');
    const commands = /<pre>([^<]*)<\/pre>/.exec(page)![1]!;
    const unescaped = commands.replaceAll('&quot;', '"').replaceAll('&amp;', '&');
    const runs = [0, 1].map(() => {
      const line = unescaped.trim().replace('npx bac-policy', `node ${MAIN}`);
      const withoutOutput = line.replace(` -o ${at('again.html')}`, '');
      const { stdout, status, stderr } = spawnSync(
        'bash',
        ['-c', `${withoutOutput} --format json`],
        { encoding: 'utf8', maxBuffer: 2 ** 28 },
      );
      assert.equal(status, 0, stderr);
      return withoutTimes(JSON.parse(stdout) as ReportFacts);
    });
    assert.deepEqual(runs[0], runs[1]);
    // What the page shows is of the same numbers.
    const [found] = runs;
    assert.equal(found!.elsewhere[0]!.name, 'the "same" again');
    for (const { error } of found!.rows) {
      if (!error || error.rms.value === 0) continue;
      assert.ok(page.includes(`>${intervalText(error.rms, errorUnit(found!))}<`));
    }
  });

  it('adds published methods, and says which could not be tried', () => {
    const { stdout } = report('--methods', 'uniform,ddim,teacache', '--format', 'markdown');
    for (const name of ['uniform_s5', 'ddim_s3', 'ddim_s10']) {
      assert.match(stdout, new RegExp(`^\\| ${name} \\| \\d`, 'm'));
    }
    assert.match(stdout, /^\| teacache_t0.5 \| {2}\|/m, 'decided while denoising: no time');
  });

  it('takes all plans of a folder, but not what else search leaves there', () => {
    mkdirSync(at('plans'));
    for (const name of ['once', 'often'])
      copyFileSync(at(`${name}.json`), at(`plans/${name}.json`));
    writeFileSync(at('plans/often.search.json'), '{}');
    const { stdout, status, stderr } = runCli(
      ...['report', full.policy.directory, '--calibration', at('calibration')],
      ...['--vectors', full.vectorsPath, '--plan', at('plans'), '--chunks', '4'],
      ...['--format', 'json'],
    );
    assert.equal(status, 0, stderr);
    assert.deepEqual(
      (JSON.parse(stdout) as ReportFacts).rows.map(({ name }) => name),
      ['dense', 'often', 'once', 'no network (S = 0)'],
    );
  });

  it('refuses what it cannot report on', () => {
    assert.match(refused('--bag', 'demo/lift_tiny/bag'), /give one of --bag and --vectors/);
    assert.match(refused('--methods', 'magic'), /there is no method 'magic'/);
    assert.match(refused('--json'), /--json without --output/);
    mkdirSync(at('empty'));
    assert.match(refused('--plan', at('empty')), /empty: holds no plan; give a folder/);
    assert.match(refused('--plan', at('once.json')), /two plans are called once/);
  });

  it('leaves nothing when interrupted', async () => {
    mkdirSync(at('outputs'));
    const { process: child, result } = startCli([
      ...arguments_.slice(0, -1),
      ...['100000', '-o', join(at('outputs'), 'report.html')],
    ]);
    await sleep(4000);
    child.kill('SIGINT');
    const { status, stderr } = await result;
    assert.deepEqual([status, stderr], [130, '\ninterrupted: nothing half-written was kept\n']);
    assert.deepEqual(readdirSync(at('outputs')), []);
  });
});
