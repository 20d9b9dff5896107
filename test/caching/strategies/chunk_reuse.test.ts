import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ChunkReuse } from '../../../src/caching/strategies/chunk_reuse.js';

const OPTIONS = { distance: 1, tolerance: 0.1, longest: 4 };

/** What a policy that says the condition times `gain` does with reuse, one chunk after the other. */
function play(
  reuse: ChunkReuse,
  conditions: readonly number[],
  gain: (index: number) => number = () => 0,
): ('reused' | 'computed')[] {
  return conditions.map((value, i) => {
    const condition = Float32Array.of(value, value);
    if (reuse.reuses(condition)) return 'reused';
    reuse.computed(condition, Float32Array.of(gain(i) * value));
    return 'computed';
  });
}

describe('ChunkReuse', () => {
  it('gives the last chunk again while the condition stays near', () => {
    const reuse = new ChunkReuse(OPTIONS);
    assert.ok(!reuse.reuses(Float32Array.of(5)));
    reuse.computed(Float32Array.of(5), Float32Array.of(1, 2, 3));
    assert.ok(reuse.reuses(Float32Array.of(5.9)));
    assert.ok(!reuse.reuses(Float32Array.of(6.1)));
  });

  it('measures from the condition that was computed, so that a slow drift ends it', () => {
    const reuse = new ChunkReuse({ ...OPTIONS, longest: 100 });
    // Trust is earned first.
    play(reuse, Array<number>(200).fill(0));
    const drifting = play(
      reuse,
      Array.from({ length: 40 }, (_, i) => i / 10),
    );
    const gaps = drifting.flatMap((what, i) => (what === 'computed' ? [i] : []));
    assert.ok(gaps.every((at, i) => at - (gaps[i - 1] ?? 0) <= 11));
  });

  it('trusts twice as many reuses with every refresh that agrees, up to a limit', () => {
    const reuse = new ChunkReuse(OPTIONS);
    const what = play(reuse, Array<number>(20).fill(0));
    const computed = what.flatMap((kind, i) => (kind === 'computed' ? [i] : []));
    assert.deepEqual(computed, [0, 2, 5, 10, 15]);
  });

  it('trusts one, at half the distance, after a refresh that does not', () => {
    const reuse = new ChunkReuse(OPTIONS);
    // Agrees at 2 and 5, not at 10.
    const what = play(reuse, Array<number>(17).fill(1), (i) => (i >= 10 ? 1 : 0));
    const computed = what.flatMap((kind, i) => (kind === 'computed' ? [i] : []));
    assert.deepEqual(computed, [0, 2, 5, 10, 12, 15]);
    // The distance has grown back by two refreshes: 0.5 * 1.25 * 1.25 = 0.78.
    assert.ok(reuse.reuses(Float32Array.of(1.77, 1.77)));
    assert.ok(!reuse.reuses(Float32Array.of(1.79, 1.79)));
  });

  it('lets through no more reuses in a row than the limit', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { maxLength: 60 }),
        fc.integer({ min: 1, max: 5 }),
        (conditions, longest) => {
          const reuse = new ChunkReuse({ ...OPTIONS, longest });
          const what = play(reuse, conditions, (i) => i % 3);
          let inARow = 0;
          for (const kind of what) {
            inARow = kind === 'reused' ? inARow + 1 : 0;
            assert.ok(inARow <= longest);
          }
        },
      ),
    );
  });
});
