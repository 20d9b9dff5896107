import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { temporaryDirectory } from '../support/temporary_directory.js';

const ADDON = 'node_modules/rclnodejs/build/Release/rclnodejs.node';
const GENERATED = 'node_modules/rclnodejs/generated/bac_policy';

/** With programs in place of node-gyp and the generator, which say that they ran and make what they should. */
describe('build_rclnodejs.sh', () => {
  let root: string;

  function put(path: string, text: string): string {
    const file = join(root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
  }

  const program = (path: string, text: string): void => {
    chmodSync(put(path, `#!/bin/bash\n${text}\n`), 0o755);
  };

  beforeEach(() => {
    root = join(temporaryDirectory(), 'a checkout');
    put('scripts/.keep', '');
    copyFileSync('scripts/build_rclnodejs.sh', join(root, 'scripts/build_rclnodejs.sh'));
    put('.ros/.keep', '');
    put('msg/Chunk.msg', 'uint64 id\n');
    put('srv/Load.srv', 'string a\n---\nbool b\n');
    put('node_modules/rclnodejs/package.json', '{}');
    // An addon is a text here, which loads unless it says bad.
    program('bin/node', `[ "$1" = -e ] || exec "${process.execPath}" "$@"; ! grep bad "\${@: -1}"`);
    program(
      'node_modules/.bin/node-gyp',
      `echo gyp "$@" >>"${root}/ran"; which ros2 || exit 1; ls "$(dirname "$(dirname "$(which ros2)")")/include" || exit 1
      mkdir -p build/Release; echo good >build/Release/rclnodejs.node`,
    );
    program(
      'node_modules/.bin/generate-ros-messages',
      `echo generate >>"${root}/ran"; rm -rf "${root}/node_modules/rclnodejs/generated"; mkdir -p "${root}/${GENERATED}"
      touch "${root}/${GENERATED}"/bac_policy__{msg__Chunk,srv__Load}.js`,
    );
    put('prefix/include/.keep', '');
    put('prefix/lib/.keep', '');
  });

  function build(env: NodeJS.ProcessEnv = {}): { status: number | null; stderr: string } {
    const { status, stderr } = spawnSync('bash', [join(root, 'scripts/build_rclnodejs.sh')], {
      encoding: 'utf8',
      env: {
        PATH: `${join(root, 'bin')}:/usr/bin:/bin`,
        ROS_DISTRO: 'jazzy',
        AMENT_PREFIX_PATH: `/overlay:${join(root, 'prefix')}`,
        ...env,
      },
    });
    return { status, stderr };
  }

  /** What was run since the last time this was asked. */
  function ran(): string[] {
    const path = join(root, 'ran');
    const lines = existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
    rmSync(path, { force: true });
    return lines.map((line) => line.split(' ')[0]!);
  }

  function succeeds(env?: NodeJS.ProcessEnv): string[] {
    const { status, stderr } = build(env);
    assert.equal(status, 0, stderr);
    return ran();
  }

  function fails(expected: RegExp, env?: NodeJS.ProcessEnv): void {
    const { status, stderr } = build(env);
    assert.equal(status, 1);
    assert.match(stderr, expected);
    assert.equal(stderr.trim().split('\n').length, 1, stderr);
  }

  it('compiles, also where ROS 2 has no ros2 command, generates, and then has nothing to do', () => {
    assert.deepEqual(succeeds(), ['gyp', 'generate']);
    assert.deepEqual(succeeds(), []);
  });

  it('compiles and generates again for another ROS 2', () => {
    succeeds();
    assert.deepEqual(succeeds({ ROS_DISTRO: 'kilted' }), ['gyp', 'generate']);
  });

  it('generates again, and compiles nothing, when a service changes', () => {
    succeeds();
    appendFileSync(join(root, 'srv/Load.srv'), 'string c\n');
    assert.deepEqual(succeeds(), ['generate']);
  });

  it('does again what npm ci or others have undone', () => {
    succeeds();
    rmSync(join(root, 'node_modules/rclnodejs/generated'), { recursive: true });
    assert.deepEqual(succeeds(), ['generate']);
    rmSync(join(root, ADDON));
    assert.deepEqual(succeeds(), ['gyp']);
  });

  it("takes rclnodejs' own build for this system where there is one that loads", () => {
    const release = readFileSync('/etc/os-release', 'utf8');
    const codename = /^VERSION_CODENAME=(.*)$/m.exec(release)?.[1] ?? '';
    const name = `jazzy-${codename}-${process.arch}-node-rclnodejs.node`;
    const prebuilt = `node_modules/rclnodejs/prebuilds/linux-${process.arch}/${name}`;
    put(prebuilt, 'prebuilt');
    assert.deepEqual(succeeds(), ['generate']);
    assert.equal(readFileSync(join(root, ADDON), 'utf8'), 'prebuilt');
    rmSync(join(root, ADDON));
    put(prebuilt, 'bad');
    assert.deepEqual(succeeds(), ['gyp']);
  });

  it('says in one line what failed and where more is said', () => {
    fails(/no ROS 2 is sourced/, { ROS_DISTRO: '' });
    program('node_modules/.bin/node-gyp', 'echo "error: rcl.h is missing"; exit 1');
    fails(/could not compile rclnodejs: error: rcl\.h is missing \(all of it: .*rclnodejs\.log\)/);
    program(
      'node_modules/.bin/node-gyp',
      'mkdir -p build/Release; echo bad >build/Release/rclnodejs.node',
    );
    fails(/rclnodejs does not load: .*\(all of it/);
    program(
      'node_modules/.bin/node-gyp',
      'mkdir -p build/Release; touch build/Release/rclnodejs.node',
    );
    program('node_modules/.bin/generate-ros-messages', 'echo "Caught error: no Python"');
    fails(/did not generate Chunk\.msg: Caught error: no Python \(all of it/);
    rmSync(join(root, 'node_modules'), { recursive: true });
    fails(/rclnodejs is not installed: run npm ci/);
  });
});
