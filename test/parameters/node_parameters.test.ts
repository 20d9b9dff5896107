import assert from 'node:assert/strict';
import { nodeParameters } from '../../src/parameters/node_parameters.js';
import type { ParameterValue } from '../../src/parameters/parameter_declaration.js';
import { allParameters, defaultValues } from './declared.js';

const SOURCES = ['wrist', 'joints'];

describe('nodeParameters', () => {
  it('reads every declared parameter and no other', () => {
    const read: string[] = [];
    class Recording extends Map<string, ParameterValue> {
      override get(name: string): ParameterValue | undefined {
        read.push(name);
        return super.get(name);
      }
    }
    nodeParameters(new Recording(defaultValues(SOURCES)));
    assert.deepEqual(
      read.sort(),
      allParameters(SOURCES)
        .map(({ name }) => name)
        .sort(),
    );
  });

  it('puts each under its own name in camel case', () => {
    const values = defaultValues(SOURCES);
    const record: unknown = nodeParameters(values);
    for (const [name, value] of values) {
      assert.deepEqual(field(record, name.split('.').map(camelCase)), value, name);
    }
  });

  it('takes the place of every single value', () => {
    for (const { name, type, constraints } of allParameters(SOURCES)) {
      if (name === 'source_names') continue;
      const oneOf = constraints.find(({ kind }) => kind === 'one_of');
      const other: Record<typeof type, ParameterValue> = {
        bool: true,
        int: 77,
        double: 77.5,
        string: oneOf?.kind === 'one_of' ? oneOf.values.at(-1)! : 'another',
        double_array: [1, 2],
        string_array: [],
      };
      const record = nodeParameters(defaultValues(SOURCES).set(name, other[type]));
      assert.deepEqual(field(record, name.split('.').map(camelCase)), other[type], name);
    }
  });

  it('has no defaults of its own', () => {
    for (const { name } of allParameters(SOURCES)) {
      const values = defaultValues(SOURCES);
      values.delete(name);
      assert.throws(() => nodeParameters(values), {
        message: `${name}: is not declared; correct this parameter`,
      });
    }
  });

  it('knows exactly the choices that are declared', () => {
    const choices = allParameters(SOURCES).flatMap(({ name, constraints }) =>
      constraints.flatMap((each) =>
        each.kind === 'one_of' ? [{ name, values: each.values }] : [],
      ),
    );
    assert.ok(choices.length > 0);
    for (const { name, values } of choices) {
      for (const value of values) nodeParameters(defaultValues(SOURCES).set(name, value));
      // Its own list is in the message.
      assert.throws(() => nodeParameters(defaultValues(SOURCES).set(name, 'unknown')), {
        message: `${name}: must be one of ${values.join(', ')}; correct this parameter`,
      });
    }
  });

  it('refuses a value of another type', () => {
    const broken: [string, ParameterValue][] = [
      ['threads', '1'],
      ['shadow', 1],
      ['plan', false],
      ['limits.velocity', ['1']],
      ['source_names', 'wrist'],
    ];
    for (const [name, value] of broken) {
      assert.throws(() => nodeParameters(defaultValues(SOURCES).set(name, value)), {
        message: new RegExp(`^${name}: must be `),
      });
    }
  });
});

function field(record: unknown, path: readonly string[]): unknown {
  return path.reduce((inside, key) => (inside as Record<string, unknown>)[key], record);
}

function camelCase(name: string): string {
  return name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
