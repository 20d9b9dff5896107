import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { temporaryDirectory } from '../support/temporary_directory.js';

const BUILT = 'node_modules/rclnodejs/build/Release/rclnodejs.node';
const BUILT_FOR = 'node_modules/rclnodejs/build/Release/built_for.txt';
const GENERATED = 'node_modules/rclnodejs/generated/made_from.txt';
const MAIN = 'dist/src/ros/main.js';

describe("The node's launcher", () => {
  const root = join(temporaryDirectory(), 'a source tree');
  const launcher = join(root, 'policy_node');
  const ros = {
    PATH: process.env['PATH'],
    ROS_DISTRO: 'jazzy',
    AMENT_PREFIX_PATH: '/opt/ros/jazzy',
  };

  function put(path: string, text: string): void {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }

  function start(env: NodeJS.ProcessEnv, ...args: string[]): ReturnType<typeof spawnSync> {
    return spawnSync(launcher, args, { encoding: 'utf8', env });
  }

  function refusal(env: NodeJS.ProcessEnv = ros): string {
    const { status, stdout, stderr } = start(env);
    assert.deepEqual([status, stdout], [1, '']);
    assert.match(String(stderr), /^policy_node: .*\n$/);
    return String(stderr);
  }

  before(() => {
    const template = readFileSync('scripts/ros/policy_node.in', 'utf8');
    put('policy_node', template.replaceAll('@CMAKE_CURRENT_SOURCE_DIR@', root));
    chmodSync(launcher, 0o755);
  });

  it('says in one line what is missing, and does not start Node', () => {
    assert.match(refusal({ PATH: process.env['PATH'] }), /no ROS 2 is sourced: \. .*env\.bash/);
    assert.match(refusal(), /the node is not compiled: run make ros in/);
    put(MAIN, 'console.log("started", process.pid, process.argv.slice(2));');
    put('package.json', '{}');
    assert.match(refusal(), /rclnodejs is not built: run make ros in/);
    put(BUILT, '');
    assert.match(refusal(), /built for no known ROS, and jazzy is sourced/);
    put(BUILT_FOR, 'jazzy /opt/ros/jazzy node-115-x64\n');
    assert.match(
      refusal({ ...ros, ROS_DISTRO: 'kilted' }),
      /built for jazzy, and kilted is sourced/,
    );
    assert.match(refusal(), /does not know our messages: run make ros in/);
    put(GENERATED, 'jazzy\n');
    assert.match(refusal({ ...ros, PATH: '/nowhere' }), /no node on the PATH/);
  });

  it('becomes the node: the process that launch started gets its signals and arguments', () => {
    const { pid, stdout, status } = start(ros, '--ros-args', '-p', 'policy:=a b');
    assert.equal(status, 0);
    assert.equal(stdout, `started ${pid} [ '--ros-args', '-p', 'policy:=a b' ]\n`);
  });
});
