import assert from 'node:assert/strict';
import { brake } from '../../../src/control/motion/brake.js';
import { violations } from '../../../src/control/motion/motion_limits.js';
import { atRest, MotionPath } from '../../../src/control/motion/motion_path.js';
import { planMotion } from '../../../src/control/motion/plan_motion.js';
import { NO_LIMITS } from './no_limits.js';

const SMOOTH = [false, false];

describe('brake', () => {
  const rows = Array.from({ length: 12 }, (_, i) => [0.05 * (i + 1), -0.03 * (i + 1)]);
  const moving = (limits = NO_LIMITS): MotionPath => {
    const shape = { smoothingS: 0.04, limits, discrete: SMOOTH };
    const motion = planMotion(atRest([0, 0]), { firstS: 0.05, spacingS: 0.05, rows }, shape);
    assert.ok('path' in motion);
    return motion.path;
  };

  it('comes to rest on the way, in the time given, from the state it begins in', () => {
    const path = moving();
    const braked = brake(path, 0.2, 0.1, 0.01, NO_LIMITS, SMOOTH);
    assert.equal(braked.seconds, 0.1);
    braked.stateAt(0).forEach((state, joint) => assert.deepEqual(state, path.stateAt(0.2)[joint]));
    const stopped = braked.states.at(-1)!;
    stopped.forEach(([p, v, a], joint) => {
      assert.deepEqual([v, a], [0, 0]);
      assert.ok(Math.abs(p - path.stateAt(0.25)[joint]![0]) < 1e-9, 'half of the time further on');
    });
    for (let t = 0; t <= 0.1; t += 0.001) {
      const [p, q] = braked.stateAt(t).map(([position]) => position) as [number, number];
      assert.ok(Math.abs(q + 0.6 * p) < 1e-6, 'both joints stay on the line they are on');
    }
  });

  it('takes longer where limits need it', () => {
    const limits = { ...NO_LIMITS, acceleration: [20, 20], jerk: [600, 600] };
    const path = moving(limits);
    const braked = brake(path, 0.25, 0.02, 0.01, limits, SMOOTH);
    assert.ok(braked.seconds > 0.05 && braked.seconds < path.seconds - 0.25, `${braked.seconds}`);
    assert.deepEqual(violations(braked, limits, SMOOTH), []);
  });

  it('goes to the end of the way where that is as near', () => {
    const path = moving();
    const braked = brake(path, path.seconds - 0.04, 0.1, 0.01, NO_LIMITS, SMOOTH);
    assert.ok(Math.abs(braked.seconds - 0.04) < 1e-9);
    assert.deepEqual(braked.states.at(-1), path.states.at(-1));
    const over = brake(path, path.seconds + 1, 0.1, 0.01, NO_LIMITS, SMOOTH);
    assert.deepEqual(over.states, [path.states.at(-1)]);
  });

  it('keeps a discrete joint as it is', () => {
    const path = new MotionPath([0, 1], [atRest([0, 0]), atRest([1, 1])]);
    const braked = brake(path, 0.2, 0.1, 0.01, NO_LIMITS, [false, true]);
    assert.equal(new Set(braked.states.map((states) => states[1]![0])).size, 1);
  });
});
