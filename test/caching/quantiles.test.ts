import assert from 'node:assert/strict';
import fc from 'fast-check';
import { quantileSeq } from 'mathjs/number';
import { quantiles } from '../../src/caching/quantiles.js';

describe('quantiles', () => {
  it('are those of mathjs, in any order of values, which stay as they are', () => {
    const value = fc.double({ noNaN: true, min: -1e6, max: 1e6 });
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 50 }),
        fc.array(fc.double({ noNaN: true, min: 0, max: 1 }), { minLength: 1, maxLength: 4 }),
        (values, shares) => {
          const given = [...values];
          const ours = quantiles(values, shares);
          assert.deepEqual(values, given);
          for (const [i, theirs] of (quantileSeq(given, shares) as number[]).entries()) {
            assert.ok(Math.abs(ours[i]! - theirs) <= 1e-9 * (1 + Math.abs(theirs)));
          }
        },
      ),
    );
  });
});
