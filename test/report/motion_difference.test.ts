import assert from 'node:assert/strict';
import { motionDifference } from '../../src/report/motion_difference.js';
import { motionOf } from './motion.js';

describe('motionDifference', () => {
  it('compares target by target, over all pieces', () => {
    const a = motionOf([
      [
        [0, 1],
        [0, 1],
      ],
      [[0, 1]],
    ]);
    const b = motionOf([
      [
        [0, 1],
        [-3, 1],
      ],
      [[0, 1.5]],
    ]);
    assert.deepEqual(motionDifference(a, b), [
      { joint: 'a', rms: Math.sqrt(3), max: 3 },
      { joint: 'b', rms: Math.sqrt(0.25 / 3), max: 0.5 },
    ]);
  });

  it('refuses motions of other times or joints', () => {
    const a = motionOf([[[0], [1]]]);
    const later = motionOf([[[9], [0], [1]]]);
    assert.throws(() => motionDifference(a, later), RangeError);
    const shifted = { ...later, pieces: [later.pieces[0]!.slice(1)] };
    assert.throws(() => motionDifference(a, shifted), RangeError);
    assert.throws(() => motionDifference(a, { ...a, jointNames: ['z'] }), RangeError);
  });
});
