import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, requireRos, runWithRos } from './ros_environment.js';

describe('The ROS 2 package', () => {
  it('says of itself what package.json says', () => {
    const xml = readFileSync(join(ROOT, 'package.xml'), 'utf8');
    const element = (name: string): string =>
      new RegExp(`<${name}[^>]*>([^<]*)</${name}>`).exec(xml)![1]!.trim().replaceAll(/\s+/g, ' ');
    const npm = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Record<
      string,
      string
    >;
    assert.deepEqual(
      ['name', 'version', 'license'].map(element),
      ['name', 'version', 'license'].map((field) => npm[field]),
    );
    assert.equal(element('description'), `${npm['description']}.`);
  });

  it('has launch files and scripts without syntax errors', () => {
    const inFolder = (folder: string, end: string): string[] =>
      readdirSync(join(ROOT, folder))
        .filter((name) => name.endsWith(end))
        .map((name) => join(ROOT, folder, name));
    const launchFiles = inFolder('launch', '.py');
    const scripts = [...inFolder('scripts', '.sh'), join(ROOT, 'scripts/ros/env.bash')];
    assert.ok(launchFiles.length > 0 && scripts.length > 2);
    const parsePython = 'import ast, sys; [ast.parse(open(path).read()) for path in sys.argv[1:]]';
    for (const [program, ...args] of [
      ['python3', '-c', parsePython, ...launchFiles],
      ...scripts.map((script) => ['bash', '-n', script]),
    ]) {
      const { status, stderr } = spawnSync(program!, args, { encoding: 'utf8' });
      assert.equal(status, 0, stderr);
    }
  });

  describe('once built', () => {
    before(function () {
      requireRos(this);
    });

    it('is found in the ament index with all that a launch needs', () => {
      const find =
        'from ament_index_python.packages import *; ' +
        'print(get_package_prefix("bac_policy"), get_package_share_directory("bac_policy"), sep="\\n")';
      const [prefix, share] = runWithRos(['python3', '-c', find]).trim().split('\n');
      runWithRos(['test', '-x', `${prefix}/lib/bac_policy/bac-policy`]);
      runWithRos(['test', '-f', `${share}/launch/replay.launch.py`]);
      runWithRos(['test', '-f', `${share}/config/sources/lift_lowdim.yaml`]);
    });

    it('finds a rcl that programs other than Python can load', () => {
      // Node finds that it is not an addon only once the library and all it needs are loaded.
      const load = `
        try { process.dlopen({ exports: {} }, 'librcl_lifecycle.so'); }
        catch (error) { console.log(error.message); }`;
      assert.match(runWithRos(['node', '-e', load]), /did not self-register/);
    });
  });
});
