import assert from 'node:assert/strict';
import fc from 'fast-check';
import { violations, type MotionLimits } from '../../../src/control/motion/motion_limits.js';
import { atRest, MotionPath, type JointStates } from '../../../src/control/motion/motion_path.js';
import {
  planMotion,
  type MotionShape,
  type PlannedMotion,
} from '../../../src/control/motion/plan_motion.js';
import { NO_LIMITS } from './no_limits.js';

const LIMITS: MotionLimits = {
  positionMin: [-1, -2],
  positionMax: [1, 2],
  velocity: [2, 1],
  acceleration: [10, 8],
  jerk: [500, 400],
};
const SHAPE: MotionShape = { smoothingS: 0.03, limits: LIMITS, discrete: [false, false] };

function planned(
  start: JointStates,
  rows: number[][],
  shape = SHAPE,
  firstS = 0.04,
): PlannedMotion {
  const motion = planMotion(start, { firstS, spacingS: 0.05, rows }, shape);
  assert.ok('path' in motion, JSON.stringify(motion));
  return motion;
}

describe('planMotion', () => {
  const gentle = Array.from({ length: 8 }, (_, i) => [0.01 * (i + 1), -0.02 * (i + 1)]);

  it('goes through the targets at their times, as wanted, where nothing speaks against it', () => {
    const { path, stretch, clamped } = planned(atRest([0, 0]), gentle, {
      ...SHAPE,
      smoothingS: 0,
      limits: NO_LIMITS,
    });
    assert.deepEqual([stretch, clamped], [1, 0]);
    gentle.forEach((row, i) => {
      path
        .stateAt(0.04 + 0.05 * i)
        .forEach(([p], joint) => assert.ok(Math.abs(p - row[joint]!) < 1e-9));
    });
    assert.deepEqual(
      path.states.at(-1)!.map(([, v, a]) => [v, a]),
      [
        [0, 0],
        [0, 0],
      ],
    );
  });

  it('comes to rest at its last target, however few are left, also where it is smoothed', () => {
    for (const left of [1, 2, 5, 8]) {
      const rows = Array.from({ length: left }, (_, i) => [(0.4 * (i + 1)) / left, -0.2]);
      const shape = { ...SHAPE, limits: NO_LIMITS };
      const { path } = planned(atRest([0, 0]), rows, shape, 0.02);
      path.states.at(-1)!.forEach(([p, v, a], joint) => {
        assert.ok(Math.abs(p - rows.at(-1)![joint]!) < 1e-3, `${left} targets: ends at ${p}`);
        assert.deepEqual([v, a], [0, 0]);
      });
      assert.ok(path.seconds < 0.02 + (left + 3) * 0.05, 'soon');
    }
  });

  it('has no step of position, velocity or acceleration anywhere', () => {
    const { path } = planned(
      [
        [0, 0.3, 1],
        [0.1, -0.2, 0],
      ],
      gentle,
    );
    for (const time of path.times.slice(1, -1)) {
      const [before, after] = [path.stateAt(time - 1e-9), path.stateAt(time + 1e-9)];
      before.forEach((state, joint) =>
        state.forEach((value, i) => assert.ok(Math.abs(value - after[joint]![i]!) < 1e-4)),
      );
    }
  });

  it('keeps to positions, and slows down the whole motion for the joint that needs it', () => {
    const { path, stretch, clamped } = planned(atRest([0, 0]), [
      [5, 0.1],
      [5, 0.2],
      [5, 0.3],
    ]);
    assert.equal(clamped, 3);
    assert.ok(stretch > 1);
    assert.deepEqual(violations(path, LIMITS, SHAPE.discrete), []);
    assert.ok(path.states.at(-1)![0]![0] > 0.9, 'it still goes there');
    assert.ok(Math.abs(path.states.at(-1)![1]![0] - 0.3) < 0.05);
  });

  it('lets a discrete joint jump', () => {
    const shape = { ...SHAPE, discrete: [false, true] };
    const { path, stretch } = planned(
      atRest([0, 0]),
      [
        [0, 1],
        [0, 1],
      ],
      shape,
    );
    assert.equal(stretch, 1);
    assert.deepEqual(
      path.states.map((states) => states[1]),
      [[0, 0, 0], ...path.times.slice(1).map(() => [1, 0, 0])],
    );
  });

  it('says what is in the way where the start is too fast to stop', () => {
    const motion = planMotion(
      [
        [0.99, 1.9, 0],
        [0, 0, 0],
      ],
      { firstS: 0.05, spacingS: 0.05, rows: [[1, 0]] },
      SHAPE,
    );
    assert.ok('violation' in motion);
    assert.equal(motion.violation.joint, 0);
  });

  it('stays within all limits, chunk after chunk, whatever it is told', () => {
    const wild = fc.oneof(
      fc.double({ min: -3, max: 3, noNaN: true }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.constantFrom(-1, 1, 0, 1e300, -1e300, 5e-324),
    );
    const chunk = fc.record({
      rows: fc.array(fc.tuple(wild, wild), { minLength: 1, maxLength: 12 }),
      firstS: fc.double({ min: 0.0125, max: 0.05, noNaN: true }),
      after: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    let refused = 0;
    let all = 0;
    fc.assert(
      fc.property(fc.array(chunk, { minLength: 1, maxLength: 20 }), (chunks) => {
        let path = new MotionPath([0, 0.1], [atRest([0, 0]), atRest([0, 0])]);
        let at = 0;
        for (const { rows, firstS, after } of chunks) {
          const motion = planMotion(path.stateAt(at), { firstS, spacingS: 0.05, rows }, SHAPE);
          all++;
          if ('path' in motion) {
            assert.deepEqual(violations(motion.path, LIMITS, [false, false]), []);
            assert.ok(motion.path.states.flat(2).every(Number.isFinite));
            path = motion.path;
            at = after * path.seconds;
          } else {
            refused++;
            at = Math.min(path.seconds, at + 0.05);
          }
        }
      }),
      { numRuns: 2000 },
    );
    assert.ok(refused < 0.25 * all, `${refused} of ${all} chunks were refused`);
  });
});
