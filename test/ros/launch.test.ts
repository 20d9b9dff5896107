import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './ros_environment.js';

/** What a launch file made an action, event or handler with. */
interface Recorded {
  readonly kind: string;
  readonly positional: readonly unknown[];
  readonly [keyword: string]: unknown;
}

interface Launched {
  readonly arguments: Record<string, { required: boolean; description: string }>;
  readonly actions: readonly Recorded[];
}

/** What a handler does when its process has ended well or badly, or because all is ending. */
interface OnExit {
  readonly after_success: Recorded | null;
  readonly after_failure: Recorded | null;
  readonly while_ending: Recorded | null;
}

/** Loads a launch file with stand-ins for launch and gives what it would do. */
function launch(file: string, ...args: string[]): Launched {
  const script = join(ROOT, 'test/ros/launch_commands.py');
  const { status, stdout, stderr } = spawnSync(
    'python3',
    [script, join(ROOT, 'launch', file), ...args],
    { encoding: 'utf8' },
  );
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout) as Launched;
}

function only(kind: string, recorded: readonly Recorded[]): Recorded {
  const found = recorded.filter((one) => one.kind === kind);
  assert.equal(found.length, 1, `one ${kind}`);
  return found[0]!;
}

const handlers = ({ actions }: Launched): Recorded[] =>
  actions
    .filter(({ kind }) => kind === 'RegisterEventHandler')
    .map(({ positional }) => positional[0] as Recorded);

const shutdownReason = (action: Recorded | null): unknown =>
  (action?.['event'] as Recorded)['reason'];

function assertDescribed({ arguments: declared }: Launched, required: string[], others: string[]) {
  assert.deepEqual(
    Object.keys(declared).filter((name) => declared[name]!.required),
    required,
  );
  assert.deepEqual(Object.keys(declared).slice(required.length), others);
  for (const { description } of Object.values(declared)) assert.match(description, /^[A-Z].*\.$/);
}

describe('replay.launch.py', () => {
  const GIVEN = ['policy:=a policy', 'bag:=in', 'output:=out.mcap'];
  const replay = (...args: string[]): Launched => launch('replay.launch.py', ...GIVEN, ...args);
  const command = (launched: Launched): unknown => only('ExecuteProcess', launched.actions)['cmd'];
  const onExit = (launched: Launched): OnExit =>
    only('OnProcessExit', handlers(launched))['on_exit'] as OnExit;
  const COMMAND = [
    ...['bac_policy/lib/bac_policy/bac-policy', 'replay', 'a policy'],
    ...['--bag', 'in', '--output', 'out.mcap'],
  ];

  it('declares its arguments, each with a description', () => {
    assertDescribed(replay(), ['policy', 'bag', 'output'], ['plan', 'remap', 'play']);
  });

  it('replays, then plays what was written', () => {
    const launched = replay();
    assert.deepEqual(command(launched), COMMAND);
    const watched = only('OnProcessExit', handlers(launched))['target_action'] as Recorded;
    assert.deepEqual(watched['cmd'], COMMAND);
    assert.deepEqual(onExit(launched).after_success!['cmd'], [
      ...['ros2', 'bag', 'play', '--clock', '100', 'out.mcap'],
    ]);
  });

  it('hands the plan and every remapping on', () => {
    const launched = replay('plan:=p.json', 'remap:=joint_states:=/arm/joints a:=b');
    assert.deepEqual(command(launched), [
      ...[...COMMAND, '--plan', 'p.json'],
      ...['--remap', 'joint_states:=/arm/joints', '--remap', 'a:=b'],
    ]);
  });

  it('plays nothing when told so or when the replay failed', () => {
    assert.equal(onExit(replay('play:=false')).after_success, null);
    assert.match(String(shutdownReason(onExit(replay()).after_failure)), /the replay failed/);
  });
});

describe('policy.launch.py', () => {
  const start = (...args: string[]): Launched => launch('policy.launch.py', 'policy:=DIR', ...args);
  const node = (launched: Launched): Recorded => only('LifecycleNode', launched.actions);
  /** The parameter files and, by name, the values in their order; a value that must stay a text is marked. */
  const parameters = (launched: Launched): unknown[] =>
    (node(launched)['parameters'] as (string | Record<string, boolean | Recorded>)[]).map((part) =>
      typeof part === 'string'
        ? part
        : Object.fromEntries(Object.entries(part).map(([name, value]) => [name, typed(value)])),
    );
  const typed = (value: boolean | Recorded): unknown =>
    typeof value === 'boolean' ? value : `${value['value_type']} ${value.positional[0]}`;

  it('declares its arguments, each with a description', () => {
    assertDescribed(
      start(),
      ['policy'],
      [
        ...['plan', 'preset', 'params_file', 'namespace', 'node_name', 'remap', 'use_sim_time'],
        ...['log_level', 'autostart', 'bag'],
      ],
    );
  });

  it('starts the managed node, which by default starts to act by itself', () => {
    const launched = start();
    const { package: name, executable, ...rest } = node(launched);
    assert.deepEqual([name, executable], ['bac_policy', 'policy_node']);
    assert.deepEqual([rest['name'], rest['namespace'], rest['ros_arguments']], ['policy', '', []]);
    assert.deepEqual(parameters(launched), [{ policy: 'str DIR', autostart: true }]);
  });

  it('hands on what is given, after the parameter file, and nothing that is empty', () => {
    const given = ['plan:=2026', 'preset:=fast', 'use_sim_time:=true', 'autostart:=false'];
    assert.deepEqual(parameters(start('params_file:=p.yaml', ...given)), [
      'p.yaml',
      {
        ...{ policy: 'str DIR', plan: 'str 2026', preset: 'str fast' },
        ...{ use_sim_time: true, autostart: false },
      },
    ]);
    assert.deepEqual(parameters(start('policy:=', 'params_file:=p.yaml', 'autostart:=')), [
      'p.yaml',
    ]);
  });

  it('hands every remapping on', () => {
    const remappings = (...args: string[]): unknown => node(start(...args))['remappings'];
    assert.deepEqual(remappings(), []);
    const toController = ['~/joint_trajectory', '/arm_controller/joint_trajectory'];
    assert.deepEqual(remappings(`remap:=${toController.join(':=')} joint_states:=/arm/joints`), [
      toController,
      ['joint_states', '/arm/joints'],
    ]);
  });

  it('knows the home directory', () => {
    assert.deepEqual(parameters(start('policy:=~/lift', 'params_file:=~/p.yaml')), [
      join(homedir(), 'p.yaml'),
      { policy: `str ${join(homedir(), 'lift')}`, autostart: true },
    ]);
  });

  it("sets the level of the node's own logger", () => {
    const level = (...args: string[]): unknown =>
      node(start('log_level:=debug', ...args))['ros_arguments'];
    assert.deepEqual(level(), ['--log-level', 'policy:=debug']);
    assert.deepEqual(level('namespace:=/arms/left', 'node_name:=pi'), [
      ...['--log-level', 'arms.left.pi:=debug'],
    ]);
  });

  it('ends when the node has ended, unless that is because all ends', () => {
    const { target_action: watched, on_exit: onExit } = only('OnProcessExit', handlers(start()));
    assert.equal((watched as Recorded).kind, 'LifecycleNode');
    const { after_success: well, after_failure: badly, while_ending: ending } = onExit as OnExit;
    assert.match(String(shutdownReason(well)), /the policy node has ended/);
    assert.deepEqual(badly, well);
    assert.equal(ending, null);
  });

  it('plays a bag with its clock once the node is active, then ends', () => {
    const launched = start('bag:=BAG', 'use_sim_time:=false');
    assert.deepEqual(parameters(launched), [
      { policy: 'str DIR', use_sim_time: true, autostart: true, asynchronous: false },
    ]);
    const active = only('OnStateTransition', handlers(launched));
    assert.equal((active['target_lifecycle_node'] as Recorded).kind, 'LifecycleNode');
    assert.deepEqual([active['goal_state'], active['handle_once']], ['active', true]);
    const [play] = active['entities'] as Recorded[];
    assert.deepEqual(play!['cmd'], ['ros2', 'bag', 'play', '--clock', '100', 'BAG']);
    const ended = handlers(launched).find(
      ({ target_action: watched }) => (watched as Recorded | undefined)?.kind === 'ExecuteProcess',
    );
    const { after_success: afterPlay } = ended!['on_exit'] as OnExit;
    assert.match(String(shutdownReason(afterPlay)), /the bag is at its end/);
  });
});
