import assert from 'node:assert/strict';
import fc from 'fast-check';
import { quintic, type JointState } from '../../../src/control/motion/quintic.js';
import { SmoothingSpline } from '../../../src/control/motion/smoothing_spline.js';

/** Knots as states, the start first. */
function path(spline: SmoothingSpline, start: JointState, targets: number[]): JointState[] {
  const knots = spline.knots(start, targets);
  return [
    start,
    ...targets.map((_, i) => [...knots.slice(3 * i, 3 * i + 3)] as unknown as JointState),
  ];
}

function jerkAt(states: JointState[], first: number, segment: number, end: 0 | 1): number {
  const h = segment === 0 ? first : 1;
  const b = quintic(states[segment]!, states[segment + 1]!, h);
  const i = end === 0 ? 0 : 2;
  return (60 * (b[i + 3]! - 3 * b[i + 2]! + 3 * b[i + 1]! - b[i]!)) / h ** 3;
}

describe('SmoothingSpline', () => {
  it('stays where everything already is, and moves with what moves', () => {
    const spline = new SmoothingSpline(8, 0.6, 0.5);
    for (const value of path(spline, [3, 0, 0], Array<number>(8).fill(3)).flat()) {
      assert.ok(Math.abs(value - 3) < 1e-9 || Math.abs(value) < 1e-9);
    }
    const [one, other] = [0, 5].map((shift) =>
      path(
        spline,
        [1 + shift, 0.1, 0],
        [2, 3, 5, 8, 7, 6, 4, 4].map((t) => t + shift),
      ),
    );
    one!.forEach(([p, v], i) => {
      assert.ok(Math.abs(other![i]![0] - p - 5) < 1e-9);
      assert.ok(Math.abs(other![i]![1] - v) < 1e-9);
    });
  });

  it('meets the targets where nothing is smoothed, and ends at rest', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 1, maxLength: 16 }),
        fc.double({ min: 0.1, max: 1, noNaN: true }),
        (targets, first) => {
          const states = path(new SmoothingSpline(targets.length, first, 0), [0, 0.3, 0], targets);
          targets.forEach((target, i) => assert.ok(Math.abs(states[i + 1]![0] - target) < 1e-7));
          assert.deepEqual(states.at(-1)!.slice(1), [0, 0]);
        },
      ),
    );
  });

  it('is the least: a small change of any knot adds to what is minimised', () => {
    const [first, smoothing] = [0.4, 0.7];
    const targets = [0.3, -0.2, 0.5, 0.4, 0.9];
    const energy = (states: JointState[]): number => {
      let sum = 0;
      targets.forEach((target, i) => {
        sum += (i === targets.length - 1 ? 1e4 : 1) * (states[i + 1]![0] - target) ** 2;
        const h = i === 0 ? first : 1;
        // The jerk is quadratic: three points by Gauss integrate its square exactly.
        const b = quintic(states[i]!, states[i + 1]!, h);
        const turns = [0, 1, 2].map((k) => b[k + 3]! - 3 * b[k + 2]! + 3 * b[k + 1]! - b[k]!);
        for (const [x, w] of [
          [0.5 - Math.sqrt(0.15), 5 / 18],
          [0.5, 8 / 18],
          [0.5 + Math.sqrt(0.15), 5 / 18],
        ] as const) {
          const jerk =
            (60 * (turns[0]! * (1 - x) ** 2 + 2 * turns[1]! * x * (1 - x) + turns[2]! * x * x)) /
            h ** 3;
          sum += smoothing ** 6 * w * h * jerk * jerk;
        }
      });
      return sum;
    };
    const best = path(
      new SmoothingSpline(targets.length, first, smoothing),
      [0.1, 0.2, -0.3],
      targets,
    );
    const least = energy(best);
    for (let knot = 1; knot < best.length; knot++) {
      for (let part = 0; part < (knot === best.length - 1 ? 1 : 3); part++) {
        for (const change of [-1e-3, 1e-3]) {
          const other = best.map((state) => [...state] as [number, number, number]);
          other[knot]![part]! += change;
          assert.ok(energy(other) > least);
        }
      }
    }
  });

  it('has a jerk without steps between targets that it does not meet', () => {
    const states = path(new SmoothingSpline(6, 0.5, 1), [0, 0, 0], [0, 1, 0, 1, 0, 1]);
    for (let i = 1; i < 6; i++) {
      const [before, after] = [jerkAt(states, 0.5, i - 1, 1), jerkAt(states, 0.5, i, 0)];
      assert.ok(
        Math.abs(before - after) < 1e-9 * Math.max(1, Math.abs(before)),
        `${before} ${after}`,
      );
    }
  });
});
