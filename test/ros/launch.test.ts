import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from './ros_environment.js';

interface Launched {
  readonly arguments: Record<string, { required: boolean; description: string }>;
  readonly replay: string[];
  readonly watched: boolean;
  readonly after_success: string[] | null;
  readonly after_failure: string[] | string | null;
}

/** Loads the launch file with stand-ins for launch and gives what it would run. */
function launch(...args: string[]): Launched {
  const script = join(ROOT, 'test/ros/launch_commands.py');
  const { status, stdout, stderr } = spawnSync('python3', [script, ...args], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout) as Launched;
}

const GIVEN = ['policy:=a policy', 'bag:=in', 'output:=out.mcap'];
const EXECUTABLE = 'bac_policy/lib/bac_policy/bac-policy';

describe('replay.launch.py', () => {
  it('declares its arguments, each with a description', () => {
    const { arguments: declared } = launch(...GIVEN);
    const required = Object.keys(declared).filter((name) => declared[name]!.required);
    assert.deepEqual(required, ['policy', 'bag', 'output']);
    assert.deepEqual(Object.keys(declared).slice(3), ['plan', 'remap', 'play']);
    for (const { description } of Object.values(declared)) assert.match(description, /^[A-Z].*\.$/);
  });

  it('replays, then plays what was written', () => {
    const { replay, watched, after_success: play } = launch(...GIVEN);
    assert.deepEqual(replay, [
      EXECUTABLE,
      'replay',
      'a policy',
      '--bag',
      'in',
      '--output',
      'out.mcap',
    ]);
    assert.ok(watched);
    assert.deepEqual(play, ['ros2', 'bag', 'play', '--clock', '100', 'out.mcap']);
  });

  it('hands the plan and every remapping on', () => {
    const { replay } = launch(...GIVEN, 'plan:=p.json', 'remap:=joint_states:=/arm/joints a:=b');
    assert.deepEqual(replay.slice(7), [
      '--plan',
      'p.json',
      '--remap',
      'joint_states:=/arm/joints',
      '--remap',
      'a:=b',
    ]);
  });

  it('plays nothing when told so or when the replay failed', () => {
    assert.equal(launch(...GIVEN, 'play:=false').after_success, null);
    assert.match(String(launch(...GIVEN).after_failure), /the replay failed/);
  });
});
