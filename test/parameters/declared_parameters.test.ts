import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { declaredParameters } from '../../src/parameters/declared_parameters.js';
import { parameterTable } from '../../src/parameters/parameter_table.js';

const README = new URL('../../../README.md', import.meta.url);

describe('declaredParameters', () => {
  it('are in the README as they are declared', () => {
    const readme = readFileSync(README, 'utf8');
    const section = /<!-- parameters -->([^]*)<!-- \/parameters -->/.exec(readme)?.[1] ?? '';
    const table = section.split('\n').filter((line) => line.startsWith('|'));
    const expected = parameterTable(declaredParameters()).split('\n');
    assert.deepEqual(table, expected, 'run `make build` and `node scripts/parameter_table.mjs`');
  });

  it('have each its own name', () => {
    const names = declaredParameters().map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
  });

  it('say when a change takes effect wherever one may be made at run time', () => {
    for (const { name, description, changes } of declaredParameters()) {
      assert.equal(/ A change takes effect /.test(description), changes === 'any time', name);
    }
  });

  it('say their unit where their name has one', () => {
    const units: [RegExp, RegExp][] = [
      [/_ms$/, /\bms\b/],
      [/_hz$/, /\bHz\b/],
      [/_mb$/, /\bMB\b/],
      [/_seconds$/, /\bs\b/],
    ];
    for (const { name, description } of declaredParameters()) {
      const unit = units.find(([suffix]) => suffix.test(name));
      if (unit) assert.match(description, unit[1], name);
    }
  });
});
