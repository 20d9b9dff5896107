import assert from 'node:assert/strict';
import { BadInput } from '../../src/errors.js';
import { readParameterDeclarations } from '../../src/parameters/read_parameter_declarations.js';

describe('readParameterDeclarations', () => {
  it('reads types, defaults, validators, groups and maps', () => {
    const [threads, topic] = read(`
bac_policy:
  group:
    threads:
      type: int
      default_value: 3
      description: Threads.
      read_only: true
      validation:
        bounds<>: [1, 4]
  sources:
    __map_source_names:
      topic:
        type: string
        default_value: a
        description: Topic.
        validation:
          one_of<>: [[a, b]]
        additional_constraints: can be changed only while the node is unconfigured, as you know
`);
    assert.deepEqual(threads, {
      name: 'group.threads',
      type: 'int',
      defaultValue: 3,
      description: 'Threads.',
      readOnly: true,
      constraints: [{ kind: 'bounds', lower: 1, upper: 4 }],
      additionalConstraints: '',
      changes: 'at start',
      mapped: false,
    });
    assert.deepEqual(topic, {
      name: 'sources.NAME.topic',
      type: 'string',
      defaultValue: 'a',
      description: 'Topic.',
      readOnly: false,
      constraints: [{ kind: 'one_of', values: ['a', 'b'] }],
      additionalConstraints: 'can be changed only while the node is unconfigured, as you know',
      changes: 'while unconfigured',
      mapped: true,
    });
  });

  it('reads a parameter named type inside a group', () => {
    const [found] = read(
      'bac_policy: {group: {type: {type: bool, default_value: true, description: Kind.}}}',
    );
    assert.equal(found?.name, 'group.type');
  });

  it('says where a declaration is wrong', () => {
    const number = 'type: double, default_value: 1.0, description: A.';
    const cases: [string, RegExp][] = [
      ['bac_policy: {a: ', /^file: is not valid YAML/],
      ['other: {}', /^file: bac_policy: /],
      ['bac_policy: {a: 1}', /^file: a: /],
      ['bac_policy: {a: {type: float, default_value: 1, description: A.}}', /^file: a: type: /],
      ['bac_policy: {a: {type: bool, default_value: true}}', /^file: a: description: /],
      ['bac_policy: {a: {type: bool, default_value: 1, description: A.}}', /^file: a: the top /],
      [`bac_policy: {a: {${number}}}`, /^file: a: is a number without bounds<>/],
      [
        `bac_policy: {a: {${number}, validation: {bounds<>: [2.0, 3.0]}}}`,
        /^file: a: the default is not valid: a must be between 2 and 3, not 1/,
      ],
      [
        `bac_policy: {a: {${number}, validation: {bounds<>: [0.0, 3.0], odd<>: []}}}`,
        /^file: a: validation: .*odd<>/,
      ],
      [
        `bac_policy: {a: {${number}, additional_constraints: sometimes, validation: {bounds<>: [0.0, 3.0]}}}`,
        /^file: a: additional_constraints is unknown; begin it with 'can be changed only/,
      ],
      [`bac_policy: {a: {${number}, unit: ms}}`, /^file: a: .*unit/],
    ];
    for (const [text, message] of cases) {
      assert.throws(
        () => read(text),
        (error) => error instanceof BadInput && message.test(error.message),
        text,
      );
    }
  });
});

function read(text: string): ReturnType<typeof readParameterDeclarations> {
  return readParameterDeclarations(text, 'file');
}
