import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bacPlan } from '../../src/caching/methods/bac.js';
import { writeCalibration } from '../../src/policy/calibration_file.js';
import { formatPlan } from '../../src/policy/plan_file.js';
import { calibrationOf, randomFeatures } from '../caching/random_features.js';
import { PLACEHOLDER, writePlaceholderPolicy } from './placeholder_policy.js';
import { runCli, type CliResult } from './run_cli.js';

describe('bac-policy plan', () => {
  let directory = '';
  const at = (name: string): string => join(directory, name);
  const { layers, steps } = PLACEHOLDER;
  const calibration = calibrationOf(randomFeatures(layers, steps, 40, 3));
  let policySha256 = '';
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'bac_policy_'));
    policySha256 = writePlaceholderPolicy(at('policy'));
    await writeCalibration(at('calibration'), { ...calibration, policySha256 });
    await writeCalibration(at('foreign'), calibration);
  });
  after(() => rmSync(directory, { recursive: true }));

  const plan = (...args: string[]): CliResult => runCli('plan', at('policy'), ...args);
  const withCalibration = (...args: string[]): CliResult =>
    plan('--calibration', at('calibration'), ...args);

  it('writes the plan of the method and draws it', () => {
    const { status, stdout, stderr } = withCalibration(
      ...['--method', 'bac', '--updates', '4', '--bubbling', '2', '-o', at('bac.json')],
    );
    assert.equal(stderr, '');
    assert.equal(status, 0);
    const target = { policySha256, layers, steps, solver: 'ddpm' } as const;
    const expected = bacPlan(
      target,
      { ...calibration, policySha256 },
      { updates: 4, bubblingBlocks: 2 },
    );
    assert.equal(readFileSync(at('bac.json'), 'utf8'), formatPlan(expected));
    assert.match(stdout, /^0\.self_attention +\d+ {2}#[#.]{11}$/m);
    assert.match(stdout, /bac_s4_n2_cosine: \d+ of 72 block updates/);
  });

  it('needs no calibration for uniform and dense', () => {
    for (const [method, share] of [
      ['uniform', 3 / 12],
      ['dense', 1],
    ] as const) {
      const path = at(`${method}.json`);
      const result = plan('--method', method, '--updates', '3', '-o', path, '--json');
      assert.equal(result.status, 0, result.stderr);
      const summary = JSON.parse(result.stdout) as Record<string, unknown>;
      assert.equal(summary['block_update_share'], share);
      const inspected = runCli('inspect', path, '--json');
      assert.equal((JSON.parse(inspected.stdout) as { kind: string }).kind, 'plan');
    }
  });

  it('turns the final update on and off', () => {
    const last = (...args: string[]): number => {
      const result = withCalibration('--updates', '2', '-o', at('final.json'), ...args);
      assert.equal(result.status, 0, result.stderr);
      const { blocks } = JSON.parse(readFileSync(at('final.json'), 'utf8')) as {
        blocks: { updates: number[] }[];
      };
      return blocks.filter(({ updates }) => updates.at(-1) === steps - 1).length;
    };
    assert.equal(last('--method', 'bac'), 6);
    assert.equal(last('--method', 'uniform'), 0);
    assert.equal(last('--method', 'uniform', '--final-update'), 6);
    assert.ok(last('--method', 'bac', '--no-final-update') < 6);
  });

  const refusals: [string, string[], RegExp][] = [
    [
      'more updates than steps',
      ['--method', 'acs', '--updates', '13'],
      /--updates: 13 is more than the policy's 12/,
    ],
    [
      'more bubbling blocks than blocks',
      ['--method', 'bac', '--bubbling', '7'],
      /--bubbling: 7 is more than the policy's 6 blocks/,
    ],
    ['no update', ['--method', 'acs', '--updates', '0'], /integer of at least 1/],
    [
      'an unknown method',
      ['--method', 'magic'],
      /Allowed choices are search, bac, acs, uniform, dense/,
    ],
    ['an unknown metric', ['--method', 'acs', '--metric', 'l3'], /Allowed choices are cosine/],
  ];
  for (const [what, args, message] of refusals) {
    it(`refuses ${what}`, () => {
      const result = withCalibration(...args, '-o', at('refused.json'));
      assert.equal(result.status, 2);
      assert.match(result.stderr, message);
      assert.ok(!readdirSync(directory).includes('refused.json'));
    });
  }

  it('refuses to plan without a calibration, with another policy, or with a damaged one', () => {
    const refused = (message: RegExp, ...args: string[]): void => {
      const result = plan('--method', 'bac', '-o', at('refused.json'), ...args);
      assert.equal(result.status, 2);
      assert.match(result.stderr, message);
      assert.equal(result.stderr.trim().split('\n').length, 1);
    };
    refused(/method bac needs a calibration; make one with bac-policy calibrate/);
    refused(/foreign: is a calibration of another policy/, '--calibration', at('foreign'));
    writeFileSync(at('cut'), readFileSync(at('calibration')).subarray(0, 5000));
    refused(/cut: /, '--calibration', at('cut'));
    assert.ok(!readdirSync(directory).includes('refused.json'));
  });
});
