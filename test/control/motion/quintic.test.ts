import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  noExtremes,
  quintic,
  reach,
  stateOn,
  type JointState,
} from '../../../src/control/motion/quintic.js';

const number = fc.double({ min: -10, max: 10, noNaN: true });
const state = fc.tuple(number, number, number);
const seconds = fc.double({ min: 0.005, max: 2, noNaN: true });

describe('quintic', () => {
  it('has the states at both ends', () => {
    fc.assert(
      fc.property(state, state, seconds, (from, to, h) => {
        const points = quintic(from, to, h);
        for (const [u, wanted] of [
          [0, from],
          [1, to],
        ] as const) {
          const scale = Math.max(1, 1 / h ** 2);
          for (const [i, value] of stateOn(points, u, h).entries()) {
            assert.ok(Math.abs(value - wanted[i]!) < 1e-10 * scale, `${value} ${wanted[i]}`);
          }
        }
      }),
    );
  });

  it('is a polynomial of fifth degree: sixth differences vanish, derivatives are differences', () => {
    const points = quintic([0.1, -0.4, 2], [0.3, 0.7, -1], 0.2);
    const at = (u: number): JointState => stateOn(points, u, 0.2);
    const binomial = [1, -6, 15, -20, 15, -6, 1];
    const sixth = binomial.reduce((sum, b, i) => sum + b * at(i / 6)[0], 0);
    assert.ok(Math.abs(sixth) < 1e-14, `${sixth}`);
    const [du, u] = [1e-4, 0.37];
    const velocity = (at(u + du)[0] - at(u - du)[0]) / (2 * du * 0.2);
    const acceleration = (at(u + du)[1] - at(u - du)[1]) / (2 * du * 0.2);
    assert.ok(Math.abs(velocity - at(u)[1]) < 1e-6);
    assert.ok(Math.abs(acceleration - at(u)[2]) < 1e-5);
  });

  it('is never beyond its extremes, which are close to it on a short way', () => {
    fc.assert(
      fc.property(state, state, seconds, (from, to, h) => {
        const points = quintic(from, to, h);
        const bounds = noExtremes();
        reach(points, h, bounds);
        for (let i = 0; i <= 20; i++) {
          const [p, v, a] = stateOn(points, i / 20, h);
          const tolerance = 1e-9 * Math.max(1, 1 / h ** 2);
          assert.ok(p >= bounds.positionMin - tolerance && p <= bounds.positionMax + tolerance);
          assert.ok(Math.abs(v) <= bounds.velocity + tolerance);
          assert.ok(Math.abs(a) <= bounds.acceleration + tolerance);
        }
      }),
    );
    const bounds = noExtremes();
    reach(quintic([0, 1, 0], [0.01, 1, 0], 0.01), 0.01, bounds);
    assert.ok(Math.abs(bounds.velocity - 1) < 1e-12 && bounds.acceleration < 1e-9);
  });

  it('knows the jerk of a cubic', () => {
    const h = 0.1;
    const bounds = noExtremes();
    reach(quintic([0, 0, 0], [(6 * h ** 3) / 6, (6 * h ** 2) / 2, 6 * h], h), h, bounds);
    assert.ok(Math.abs(bounds.jerk - 6) < 1e-9, `${bounds.jerk}`);
    assert.ok(Math.abs(bounds.acceleration - 0.6) < 1e-9);
  });
});
