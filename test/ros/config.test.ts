import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ROOT } from './ros_environment.js';

type Tree = Record<string, unknown>;

const CONFIG = join(ROOT, 'config');
const readYaml = (path: string): Tree => parse(readFileSync(path, 'utf8')) as Tree;
const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The declaration of each parameter by its name; what a map's keys may be called stands as `*`. */
function declaredParameters(tree: Tree, prefix = ''): Map<string, Tree> {
  return new Map(
    Object.entries(tree).flatMap(([key, value]) => {
      const name = prefix + (key.startsWith('__map_') ? '*' : key);
      if (!isTree(value)) return [];
      return 'type' in value && !isTree(value['type'])
        ? [[name, value] as const]
        : [...declaredParameters(value, `${name}.`)];
    }),
  );
}

const DECLARED = declaredParameters(
  readYaml(join(CONFIG, 'parameters.yaml'))['bac_policy'] as Tree,
);

/** Whether a value of a YAML file is what ROS takes for that type: there, 40 is no double, but 40.0 is. */
function fits(type: unknown, value: unknown, source: string): boolean {
  switch (type) {
    case 'string':
      return typeof value === 'string';
    case 'bool':
      return typeof value === 'boolean';
    case 'int':
      return Number.isInteger(value) && !source.includes('.');
    case 'double':
      return typeof value === 'number' && source.includes('.');
    case 'string_array':
      return Array.isArray(value) && value.every((item) => typeof item === 'string');
    case 'double_array':
      return (
        Array.isArray(value) &&
        source
          .replaceAll(/[[\]\s]/g, '')
          .split(',')
          .every((item) => Number.isFinite(Number(item)) && item.includes('.'))
      );
    default:
      return false;
  }
}

/** What is wrong with the parameters that a file sets. */
function complaints(path: string): string[] {
  const text = readFileSync(path, 'utf8');
  const file = readYaml(path);
  assert.deepEqual(Object.keys(file), ['/**'], 'the key that fits every node');
  const found: string[] = [];
  const check = (tree: Tree, prefix: string): void => {
    for (const [key, value] of Object.entries(tree)) {
      const name = prefix + key;
      const declaration =
        DECLARED.get(name) ?? DECLARED.get(name.replace(/^sources\.[^.]+/, 'sources.*'));
      if (isTree(value)) {
        check(value, `${name}.`);
        continue;
      }
      const source = new RegExp(`^ *${key}: *(.*)$`, 'm').exec(text)![1]!;
      if (declaration === undefined) found.push(`there is no parameter ${name}`);
      else if (!fits(declaration['type'], value, source)) found.push(`${name} is ${source}`);
    }
  };
  check((file['/**'] as Tree)['ros__parameters'] as Tree, '');
  return found;
}

describe('Parameter files', () => {
  const presets = readdirSync(join(CONFIG, 'presets'));

  it('set only parameters that the node has, with values of their type', () => {
    for (const path of [...presets.map((name) => join('presets', name)), 'robot_example.yaml']) {
      assert.deepEqual(complaints(join(CONFIG, path)), [], path);
    }
  });

  it('there is one for each preset, which says what it is', () => {
    const { validation } = DECLARED.get('preset')!;
    const [names] = (validation as Record<string, string[][]>)['one_of<>']!;
    assert.deepEqual(presets.sort(), names!.map((name) => `${name}.yaml`).sort());
    for (const name of names!) {
      const path = join(CONFIG, 'presets', `${name}.yaml`);
      assert.deepEqual(readYaml(path), { '/**': { ros__parameters: { preset: name } } });
      assert.match(readFileSync(path, 'utf8'), /^# [A-Z].*\.\n/);
    }
  });

  it('limits in the example hold one value for each joint of its policy', () => {
    const example = (readYaml(join(CONFIG, 'robot_example.yaml'))['/**'] as Tree)[
      'ros__parameters'
    ] as Record<string, Record<string, unknown[]>>;
    const policy = readYaml(join(CONFIG, 'sources/lift_image.yaml'));
    const joints = (policy['action'] as Record<string, string[]>)['joint_names']!;
    const { position_min: lowest, position_max: highest } = example['limits']!;
    for (const [kind, values] of Object.entries(example['limits']!)) {
      assert.equal(values.length, joints.length, kind);
    }
    for (const name of example['discrete_joints'] as unknown as string[]) {
      assert.ok(joints.includes(name), name);
    }
    assert.ok(lowest!.every((low, joint) => Number(low) < Number(highest![joint])));
    const names = (policy['observation_sources'] as { name: string }[]).map(({ name }) => name);
    for (const name of Object.keys(example['sources']!)) assert.ok(names.includes(name), name);
  });
});
