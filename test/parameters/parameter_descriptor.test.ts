import assert from 'node:assert/strict';
import { acceptValue } from '../../src/parameters/accept_value.js';
import { declaredParameters } from '../../src/parameters/declared_parameters.js';
import { parameterDescriptor } from '../../src/parameters/parameter_descriptor.js';
import { ROS_PARAMETER_TYPE } from '../../src/parameters/ros_parameter_type.js';
import { declared } from './declared.js';

describe('parameterDescriptor', () => {
  it('gives doubles a range without steps', () => {
    assert.deepEqual(parameterDescriptor(declared('rate_hz')), {
      name: 'rate_hz',
      type: ROS_PARAMETER_TYPE.double,
      description: declared('rate_hz').description,
      additional_constraints: 'can be changed only while the node is unconfigured',
      read_only: false,
      dynamic_typing: false,
      floating_point_range: [{ from_value: 0, to_value: 1000, step: 0 }],
      integer_range: [],
    });
  });

  it('gives integers a range of int64', () => {
    const { integer_range, floating_point_range } = parameterDescriptor(declared('threads'));
    assert.deepEqual(integer_range, [{ from_value: 1n, to_value: 256n, step: 1n }]);
    assert.deepEqual(floating_point_range, []);
  });

  it('says in words what has no range', () => {
    const words = (name: string): string =>
      parameterDescriptor(declared(name)).additional_constraints;
    assert.equal(words('trajectory_stamp'), 'one of tick, publish, zero');
    assert.equal(words('limits.velocity'), 'every element at least 0');
    assert.equal(
      words('source_names'),
      'no element twice; is written by the node when it loads a policy',
    );
    assert.equal(words('shadow'), '');
  });

  it('is read only exactly for what is given at the start', () => {
    const readOnly = declaredParameters().filter((each) => parameterDescriptor(each).read_only);
    assert.deepEqual(
      readOnly.map(({ name }) => name),
      ['autostart'],
    );
  });

  it('allows exactly the range that is checked', () => {
    for (const declaration of declaredParameters()) {
      const { type, floating_point_range, integer_range } = parameterDescriptor(declaration);
      for (const { from_value, to_value } of [...floating_point_range, ...integer_range]) {
        const accepts = (value: number): boolean =>
          acceptValue(declaration, { type, value }).accepted;
        const [lowest, highest] = [Number(from_value), Number(to_value)];
        assert.ok(accepts(lowest) && accepts(highest), declaration.name);
        assert.ok(!accepts(lowest - 1) && !accepts(highest + 1), declaration.name);
      }
    }
  });
});
