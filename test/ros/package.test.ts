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

  it('depends on all packages whose types the node uses', () => {
    const xml = readFileSync(join(ROOT, 'package.xml'), 'utf8');
    const dependencies = [...xml.matchAll(/<(?:exec_)?depend>(\w+)</g)].map(([, name]) => name!);
    // Of the sources of a policy, of what the node publishes, of its services and of every managed node.
    const used = ['sensor_msgs', 'geometry_msgs', 'std_msgs', 'trajectory_msgs', 'diagnostic_msgs'];
    const more = ['std_srvs', 'lifecycle_msgs', 'rcl_interfaces', 'rosgraph_msgs'];
    for (const name of [...used, ...more]) assert.ok(dependencies.includes(name), name);
    assert.equal(new Set(dependencies).size, dependencies.length);
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
      for (const name of ['bac-policy', 'policy_node']) {
        runWithRos(['test', '-x', `${prefix}/lib/bac_policy/${name}`]);
      }
      for (const folder of [
        'launch',
        'config',
        'config/presets',
        'config/sources',
        'config/sros2',
      ]) {
        for (const name of readdirSync(join(ROOT, folder)).filter((file) => /\.\w+$/.test(file))) {
          runWithRos(['test', '-f', `${share}/${folder}/${name}`]);
        }
      }
    });

    it('has services that ROS 2 knows', () => {
      const fields =
        'import json; from bac_policy.srv import LoadPolicy as L, SaveInputs as S; print(json.dumps(' +
        '[t.get_fields_and_field_types() for t in (L.Request, L.Response, S.Request, S.Response)]))';
      assert.deepEqual(JSON.parse(runWithRos(['python3', '-c', fields])), [
        { policy: 'string', plan: 'string', preset: 'string' },
        {
          ...{ success: 'boolean', message: 'string' },
          ...{ policy_sha256: 'string', plan_sha256: 'string', latency_ms: 'double' },
        },
        { path: 'string', seconds: 'double' },
        { success: 'boolean', message: 'string', messages: 'uint64', seconds: 'double' },
      ]);
    });

    it('is found by colcon, and nothing that npm or the set-up have installed', () => {
      const list = ['colcon', '--log-base', '/dev/null', 'list', '--names-only'];
      assert.equal(runWithRos([...list, '--base-paths', ROOT]), 'bac_policy\n');
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
