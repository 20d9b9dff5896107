import assert from 'node:assert/strict';
import fc from 'fast-check';
import { objectionToJointTrajectory } from '../../src/control/check_joint_trajectory.js';
import { jointTrajectory, trajectorySpec } from '../../src/control/joint_trajectory.js';
import type { JointTrajectory } from '../../src/control/ros_messages.js';
import { BadInput } from '../../src/errors.js';
import { policyManifest } from './policy_manifest.js';

const SPEC = { jointNames: ['j1', 'j2'], rateHz: 20, mode: 'absolute' } as const;
const ACTION = Float32Array.of(0, 10, 1, 10, 4, 10, 5, 10);

describe('jointTrajectory', () => {
  it('puts action j at the end of control period j, from the stamp on', () => {
    const { header, joint_names, points } = jointTrajectory(
      ACTION,
      SPEC,
      1_500_000_000n,
      undefined,
    );
    assert.deepEqual(header.stamp, { sec: 1, nanosec: 500_000_000 });
    assert.deepEqual(joint_names, ['j1', 'j2']);
    assert.deepEqual(
      points.map((point) => point.time_from_start.nanosec / 1e6),
      [50, 100, 150, 200],
    );
    assert.deepEqual(
      points.map((point) => point.positions),
      [
        [0, 10],
        [1, 10],
        [4, 10],
        [5, 10],
      ],
    );
  });

  it('gives velocities by central differences and ends at rest', () => {
    const { points } = jointTrajectory(ACTION, SPEC, 0n, undefined);
    assert.deepEqual(
      points.map((point) => point.velocities),
      [
        [20, 0],
        [40, 0],
        [40, 0],
        [0, 0],
      ],
    );
    const [only] = jointTrajectory(Float32Array.of(1, 2), SPEC, 0n, undefined).points;
    assert.deepEqual(only!.velocities, [0, 0]);
  });

  it('adds up the changes of a policy in delta mode', () => {
    const { points } = jointTrajectory(ACTION, { ...SPEC, mode: 'delta' }, 0n, [100, 200]);
    assert.deepEqual(
      points.map((point) => point.positions),
      [
        [100, 210],
        [101, 220],
        [105, 230],
        [110, 240],
      ],
    );
    assert.throws(() => jointTrajectory(ACTION, { ...SPEC, mode: 'delta' }, 0n, undefined));
  });

  it('is accepted by the controller, whatever the finite actions', () => {
    const width = fc.integer({ min: 1, max: 9 });
    const value = fc.double({ noNaN: true, min: -1e30, max: 1e30 });
    fc.assert(
      fc.property(
        width.chain((a) =>
          fc.tuple(
            fc.constant(a),
            fc.array(fc.array(value, { minLength: a, maxLength: a }), { minLength: 1 }),
          ),
        ),
        fc.double({ min: 0.1, max: 1000, noNaN: true }),
        ([a, rows], rateHz) => {
          const jointNames = Array.from({ length: a }, (_, i) => `j${i}`);
          const spec = { jointNames, rateHz, mode: 'absolute' as const };
          const trajectory = jointTrajectory(Float32Array.from(rows.flat()), spec, 5n, undefined);
          assert.equal(objectionToJointTrajectory(trajectory, jointNames), undefined);
        },
      ),
    );
  });
});

describe('trajectorySpec', () => {
  it('says what the package leaves out', () => {
    const of = (action: object): unknown => {
      const full = { ...policyManifest().action, ...action };
      return trajectorySpec(JSON.parse(JSON.stringify(full)) as typeof full, 'package');
    };
    assert.deepEqual(of({ mode: undefined }), SPEC);
    for (const [field, what] of [
      ['joint_names', /package: action\.joint_names is missing; add it: .*--sources/],
      ['rate_hz', /action\.rate_hz is missing/],
    ] as const) {
      assert.throws(
        () => of({ [field]: undefined }),
        (error: unknown) => error instanceof BadInput && what.test(error.message),
      );
    }
    assert.throws(() => of({ joint_names: ['j1', 'j1'] }), /j1 twice/);
  });
});

describe('objectionToJointTrajectory', () => {
  const good = jointTrajectory(ACTION, SPEC, 0n, undefined);
  const known = SPEC.jointNames;
  const withPoint = (j: number, change: object): JointTrajectory => ({
    ...good,
    points: good.points.map((point, i) => (i === j ? { ...point, ...change } : point)),
  });
  const time = (sec: number, nanosec: number): object => ({ time_from_start: { sec, nanosec } });

  it('has none to a good one, nor to one without velocities', () => {
    assert.equal(objectionToJointTrajectory(good, known), undefined);
    const points = good.points.map((point) => ({ ...point, velocities: [] }));
    assert.equal(objectionToJointTrajectory({ ...good, points }, known), undefined);
  });

  const bad: [string, JointTrajectory, RegExp][] = [
    ['no points', { ...good, points: [] }, /no points/],
    ['an unknown joint', { ...good, joint_names: ['j1', 'x'] }, /joint x is not known/],
    ['a joint left out', { ...good, joint_names: ['j1'] }, /joint j2 is left out/],
    ['a joint twice', { ...good, joint_names: ['j1', 'j1'] }, /named twice/],
    ['a first point at once', withPoint(0, time(0, 0)), /point 0 is not after the start/],
    ['a first point in the past', withPoint(0, time(-1, 5)), /point 0 is not after the start/],
    ['equal times', withPoint(2, time(0, 100_000_000)), /point 2 is not after point 1/],
    ['times going back', withPoint(3, time(0, 90_000_000)), /point 3 is not after point 2/],
    ['too few positions', withPoint(1, { positions: [1] }), /point 1 has 1 positions/],
    ['too many velocities', withPoint(1, { velocities: [1, 2, 3] }), /point 1 has 3 velocities/],
    ['wrong accelerations', withPoint(1, { accelerations: [1] }), /point 1 has 1 accelerations/],
    ['NaN', withPoint(1, { positions: [1, NaN] }), /point 1 has positions with NaN/],
    ['infinity', withPoint(1, { velocities: [1, Infinity] }), /velocities with Infinity/],
    ['effort', withPoint(0, { effort: [0, 0] }), /point 0 has effort/],
    ['a moving end', withPoint(3, { velocities: [0, 1e-9] }), /last point has a velocity/],
  ];
  for (const [name, trajectory, what] of bad) {
    it(`objects to ${name}`, () => {
      assert.match(objectionToJointTrajectory(trajectory, known) ?? '', what);
    });
  }

  it('objects to any single value that is not finite, wherever it stands', () => {
    const place = fc.tuple(
      fc.nat(3),
      fc.nat(1),
      fc.constantFrom('positions', 'velocities'),
      fc.constantFrom(NaN, Infinity, -Infinity),
    );
    fc.assert(
      fc.property(place, ([j, a, part, value]) => {
        const values = [...good.points[j]![part as 'positions']];
        values[a] = value;
        assert.ok(objectionToJointTrajectory(withPoint(j, { [part]: values }), known));
      }),
    );
  });
});
