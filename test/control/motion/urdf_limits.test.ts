import assert from 'node:assert/strict';
import { urdfLimits, withDescribed } from '../../../src/control/motion/urdf_limits.js';
import { BadInput } from '../../../src/errors.js';
import { NO_LIMITS } from './no_limits.js';

const robot = (...joints: string[]): string =>
  `<?xml version="1.0"?>\n<robot name="arm"><link name="base"/>${joints.join('')}</robot>`;
const joint = (name: string, type: string, limit = ''): string =>
  `<joint name="${name}" type="${type}"><parent link="base"/>${limit && `<limit effort="9" ${limit}/>`}</joint>`;

describe('urdfLimits', () => {
  it('reads positions and velocity of the joints that move', () => {
    const found = urdfLimits(
      robot(
        joint('elbow', 'revolute', 'lower="-1.5" upper="2e-1" velocity="3"'),
        joint('slide', 'prismatic', 'upper="0.4"'),
        joint('wheel', 'continuous', 'lower="0" upper="0" velocity="7"'),
        joint('flange', 'fixed'),
        joint('free', 'revolute'),
        joint('unknown', 'revolute', 'lower="-1" upper="1" velocity="0"'),
      ),
      'here',
    );
    assert.deepEqual(Object.fromEntries(found), {
      elbow: { lower: -1.5, upper: 0.2, velocity: 3 },
      slide: { lower: 0, upper: 0.4 },
      wheel: { velocity: 7 },
      unknown: { lower: -1, upper: 1 },
    });
  });

  it('looks at joints of the robot alone, not at those that others name', () => {
    const transmission = '<transmission><joint name="elbow" type="revolute"/></transmission>';
    assert.equal(urdfLimits(robot(transmission), 'here').size, 0);
  });

  for (const [what, urdf, expected] of [
    ['what is no XML', '<robot', /is no XML/],
    ['nothing', '', /is no XML/],
    ['another document', '<html/>', /begins with <html>/],
    ['a limit that is no number', robot(joint('a', 'revolute', 'lower="x" upper="1"')), /joint a/],
    ['an empty limit', robot(joint('a', 'revolute', 'lower="" upper="1"')), /lower ''/],
    ['infinity', robot(joint('a', 'revolute', 'lower="-inf" upper="1"')), /'-inf'/],
    ['limits the wrong way round', robot(joint('a', 'revolute', 'lower="1" upper="-1"')), /above/],
    ['a negative velocity', robot(joint('a', 'revolute', 'velocity="-1"')), /velocity -1/],
    ['an entity that is not defined', robot('&boom;'), /is no XML/],
    ['more than a robot is described by', ' '.repeat(20_000_001), /characters/],
  ] as const) {
    it(`refuses ${what}`, () => {
      assert.throws(
        () => urdfLimits(urdf, 'topic robot_description'),
        (error: unknown) => error instanceof BadInput && expected.test(error.what),
      );
    });
  }
});

describe('withDescribed', () => {
  const described = new Map([
    ['a', { lower: -1, upper: 1, velocity: 2 }],
    ['c', { velocity: 3 }],
  ]);

  it('limits what is described, and nothing else', () => {
    assert.deepEqual(withDescribed(NO_LIMITS, ['c', 'a', 'b'], described), {
      ...NO_LIMITS,
      positionMin: [-Infinity, -1, -Infinity],
      positionMax: [Infinity, 1, Infinity],
      velocity: [3, 2, Infinity],
    });
    assert.deepEqual(withDescribed(NO_LIMITS, ['b'], described), NO_LIMITS);
  });

  it('takes of each limit the tighter one', () => {
    const set = { ...NO_LIMITS, positionMin: [-0.5, -9], positionMax: [5, 0.5], velocity: [1, 9] };
    const { positionMin, positionMax, velocity } = withDescribed(set, ['a', 'c'], described);
    assert.deepEqual(
      [positionMin, positionMax, velocity],
      [
        [-0.5, -9],
        [1, 0.5],
        [1, 3],
      ],
    );
  });
});
