import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readPolicyPackage } from '../../src/policy/policy_package.js';

const MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const TINY = 'demo/lift_tiny/lift_lowdim_tiny.ckpt';
const SOURCES = 'config/sources/lift_lowdim.yaml';

describe('bac-policy import', () => {
  const root = mkdtempSync(join(tmpdir(), 'bac_policy_import-'));
  after(() => rmSync(root, { recursive: true, force: true }));
  const output = join(root, 'policy');
  const run = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
    spawnSync(process.execPath, [MAIN, 'import', ...args], { encoding: 'utf8' });

  it('writes a package and says what it found and what is next', async () => {
    const { status, stdout } = run(TINY, '-o', output, '--sources', SOURCES);
    assert.equal(status, 0);
    assert.match(stdout, /4 layers, 4 heads, embedding 64, causal/);
    assert.match(stdout, /DDPM, 100 of 100 steps/);
    assert.match(stdout, /joint_states, cube_pose/);
    assert.match(stdout, /Next: bac-policy calibrate/);
    const { manifest } = await readPolicyPackage(output);
    assert.equal(manifest.observation_sources?.length, 2);
    assert.equal(manifest.action.rate_hz, 20);
    assert.deepEqual(manifest.action.unit, [...Array<string>(7).fill('rad'), 'm']);
  });

  it('says in JSON which fields are missing without --sources', async () => {
    const { status, stdout } = run(TINY, '-o', output, '--state-dict', 'model', '--json');
    assert.equal(status, 0);
    const result = JSON.parse(stdout) as Record<string, unknown>;
    const { manifest, sha256 } = await readPolicyPackage(output);
    assert.equal(result['package'], output);
    assert.equal(result['policy_sha256'], sha256);
    assert.equal(result['weights'], 'model');
    assert.equal(manifest.provenance.weights, 'model');
    assert.deepEqual(result['missing'], [
      'observation_sources',
      'action.joint_names',
      'action.unit',
      'action.mode',
      'action.rate_hz',
    ]);
  });

  it('refuses bad input with one line and exit code 2, leaving nothing behind', () => {
    const damaged = join(root, 'damaged.ckpt');
    writeFileSync(damaged, 'PK\x03\x04 not a checkpoint');
    const yaml = (name: string, text: string): string => {
      writeFileSync(join(root, name), text);
      return join(root, name);
    };
    const narrow = yaml(
      'narrow.yaml',
      'observation_sources:\n' +
        '  - {name: cube, topic: cube_pose, type: geometry_msgs/msg/PoseStamped, field: pose}\n',
    );
    const cases: [RegExp, string[]][] = [
      [/damaged\.ckpt: is not a readable zip file/, [damaged]],
      [/none\.ckpt: does not exist/, ['none.ckpt']],
      [
        /no weights 'ema_model'/,
        ['test/fixtures/checkpoints/model_only.ckpt', '--state-dict', 'ema_model'],
      ],
      [/narrow\.yaml: .*give 7 values, not 15/, [TINY, '--sources', narrow]],
      [/is not valid YAML/, [TINY, '--sources', yaml('broken.yaml', 'a: [')]],
      [/action\.rate_hz/, [TINY, '--sources', yaml('rate.yaml', 'action: {rate_hz: fast}')]],
      [
        /joint_names has 1 values/,
        [TINY, '--sources', yaml('one.yaml', 'action: {joint_names: [a]}')],
      ],
      [/top level/, [TINY, '--sources', yaml('key.yaml', 'topics: []')]],
    ];
    for (const [expected, args] of cases) {
      const { status, stderr, stdout } = run(...args, '-o', join(root, 'bad'));
      assert.equal(status, 2, stderr);
      assert.match(stderr, expected);
      assert.equal(stderr.trim().split('\n').length, 1, stderr);
      assert.equal(stdout, '');
    }
    assert.ok(!existsSync(join(root, 'bad')));
    assert.ok(readdirSync(root).every((name) => !name.endsWith('.part')));
  });

  it('exits with 2 on bad usage', () => {
    assert.equal(run(TINY).status, 2);
    assert.equal(run(TINY, '-o', output, '--state-dict', 'optimizer').status, 2);
  });
});
