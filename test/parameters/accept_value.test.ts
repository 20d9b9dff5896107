import assert from 'node:assert/strict';
import fc from 'fast-check';
import { acceptValue } from '../../src/parameters/accept_value.js';
import type { GivenValue } from '../../src/parameters/accept_value.js';
import { declaredParameters } from '../../src/parameters/declared_parameters.js';
import { ROS_PARAMETER_TYPE } from '../../src/parameters/ros_parameter_type.js';
import { declared } from './declared.js';

const { not_set, bool, int, double, string, bool_array, int_array, double_array, string_array } =
  ROS_PARAMETER_TYPE;

describe('acceptValue', () => {
  it('takes values of the declared type as they are', () => {
    assert.equal(valueOf('provider_fallback', { type: bool, value: false }), false);
    assert.equal(valueOf('preset', { type: string, value: 'fast' }), 'fast');
    assert.equal(valueOf('rate_hz', { type: double, value: 12.5 }), 12.5);
    assert.deepEqual(valueOf('limits.velocity', { type: double_array, value: [0.5, 1] }), [0.5, 1]);
    assert.deepEqual(valueOf('source_names', { type: string_array, value: ['a', 'b'] }), [
      'a',
      'b',
    ]);
  });

  it('turns the bigints of rclnodejs into numbers', () => {
    assert.equal(valueOf('threads', { type: int, value: 4n }), 4);
    assert.equal(
      valueOf('seed', { type: int, value: BigInt(Number.MAX_SAFE_INTEGER) }),
      Number.MAX_SAFE_INTEGER,
    );
  });

  it('turns typed arrays into plain ones', () => {
    const value = valueOf('limits.velocity', { type: double_array, value: Float64Array.of(1, 2) });
    assert.deepEqual(value, [1, 2]);
  });

  it('takes whole numbers for doubles, as `rate_hz: 30` and `[1, 2]` are written', () => {
    assert.equal(valueOf('rate_hz', { type: int, value: 30n }), 30);
    assert.deepEqual(
      valueOf('limits.position_min', { type: int_array, value: BigInt64Array.of(-1n, 2n) }),
      [-1, 2],
    );
  });

  it('takes an empty array of bools, which `ros2 param set NODE limits.velocity []` sends', () => {
    assert.deepEqual(valueOf('limits.velocity', { type: bool_array, value: [] }), []);
    assert.deepEqual(valueOf('source_names', { type: bool_array, value: [] }), []);
  });

  it('takes nothing for an empty array, which `limits: {velocity: []}` in a parameter file becomes', () => {
    assert.deepEqual(valueOf('limits.velocity', { type: not_set, value: undefined }), []);
  });

  it('says what is wrong with a value', () => {
    const cases: [string, GivenValue, string][] = [
      ['threads', { type: int, value: 0n }, 'threads must be between 1 and 256, not 0'],
      ['threads', { type: double, value: 2 }, 'threads must be an integer, not a double'],
      [
        'preset',
        { type: string, value: 'x' },
        "preset must be one of dense, quality, balanced, fast, not 'x'",
      ],
      ['shadow', { type: string, value: 'yes' }, 'shadow must be a bool, not a string'],
      ['plan', { type: not_set, value: undefined }, 'plan must be a string, not nothing'],
      ['rate_hz', { type: double, value: NaN }, 'rate_hz must be a finite number, not NaN'],
      ['rate_hz', { type: double, value: -1 }, 'rate_hz must be between 0 and 1000, not -1'],
      ['rate_hz', { type: 77, value: 1 }, 'rate_hz must be a double, not anything else'],
      [
        'limits.velocity',
        { type: double_array, value: [1, Infinity] },
        'limits.velocity[1] must be a finite number, not Infinity',
      ],
      [
        'limits.velocity',
        { type: double_array, value: [1, 2, -0.5] },
        'limits.velocity[2] must be at least 0, not -0.5',
      ],
      [
        'limits.velocity',
        { type: bool_array, value: [true] },
        'limits.velocity must be an array of doubles, not an array of bools',
      ],
      [
        'limits.velocity',
        { type: string, value: '[1, 2.5]' },
        'limits.velocity must be an array of doubles, not a string (write every number with a point: [1.0, 2.5])',
      ],
      [
        'source_names',
        { type: string_array, value: ['a', 'b', 'a'] },
        "source_names must not hold 'a' twice",
      ],
    ];
    for (const [name, given, reason] of cases) {
      assert.deepEqual(acceptValue(declared(name), given), { accepted: false, reason });
    }
  });

  it('cuts long values in reasons', () => {
    const result = acceptValue(declared('sync'), { type: string, value: 'y'.repeat(100_000) });
    assert.ok(!result.accepted && result.reason.length < 200, JSON.stringify(result).slice(0, 300));
  });

  it('accepts an integer exactly within its bounds, up to the ends of int64', () => {
    fc.assert(
      fc.property(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), (value) => {
        const result = acceptValue(declared('seed'), { type: int, value });
        const allowed = value >= -1n && value <= BigInt(Number.MAX_SAFE_INTEGER);
        assert.deepEqual(result.accepted && result.value, allowed && Number(value));
      }),
    );
  });

  it('never throws and names the parameter, whatever it is given', () => {
    const all = declaredParameters();
    const given = fc.record({ type: fc.integer({ min: -1, max: 12 }), value: fc.anything() });
    fc.assert(
      fc.property(fc.constantFrom(...all), given, (declaration, raw) => {
        const result = acceptValue(declaration, raw);
        if (result.accepted) {
          assert.equal(
            Array.isArray(result.value) ? 'array' : typeof result.value,
            Array.isArray(declaration.defaultValue) ? 'array' : typeof declaration.defaultValue,
          );
        } else {
          assert.ok(result.reason.startsWith(declaration.name), result.reason);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('keeps what is not finite out of every number and every array', () => {
    const numbers = declaredParameters().filter(({ type }) => type.startsWith('double'));
    const broken = fc.constantFrom(NaN, Infinity, -Infinity);
    fc.assert(
      fc.property(
        fc.constantFrom(...numbers),
        fc.array(fc.double()),
        broken,
        (declaration, others, bad) => {
          const type = ROS_PARAMETER_TYPE[declaration.type];
          const value = declaration.type === 'double' ? bad : [...others, bad];
          assert.equal(acceptValue(declaration, { type, value }).accepted, false);
        },
      ),
    );
  });
});

/** The accepted value; fails with the reason where it is refused. */
function valueOf(name: string, given: GivenValue): unknown {
  const result = acceptValue(declared(name), given);
  assert.ok(result.accepted, JSON.stringify(result));
  return result.value;
}
