import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ChunkReuse, reuseDistance, type ReusePair } from '../../src/control/chunk_reuse.js';

const OPTIONS = { distance: 1, tolerance: 0.1, longest: 4 };

/** What a policy that says the condition times `gain` does with reuse, one chunk after the other. */
function play(
  reuse: ChunkReuse,
  conditions: readonly number[],
  gain: (index: number) => number = () => 0,
): ('reused' | 'computed')[] {
  return conditions.map((value, i) => {
    const condition = Float32Array.of(value, value);
    if (reuse.lookup(condition)) return 'reused';
    reuse.computed(condition, Float32Array.of(gain(i) * value));
    return 'computed';
  });
}

describe('ChunkReuse', () => {
  it('gives the last chunk again while the condition stays near, as it was computed', () => {
    const reuse = new ChunkReuse(OPTIONS);
    assert.equal(reuse.lookup(Float32Array.of(5)), undefined);
    const actions = Float32Array.of(1, 2, 3);
    reuse.computed(Float32Array.of(5), actions);
    actions.fill(0);
    assert.deepEqual([...reuse.lookup(Float32Array.of(5.9))!], [1, 2, 3]);
    assert.equal(reuse.lookup(Float32Array.of(6.1)), undefined);
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
    assert.deepEqual(reuse.counts, { reused: 15, computed: 5, refreshed: 4, refuted: 0 });
  });

  it('trusts one, at half the distance, after a refresh that does not', () => {
    const reuse = new ChunkReuse(OPTIONS);
    // Agrees at 2 and 5, not at 10.
    const what = play(reuse, Array<number>(17).fill(1), (i) => (i >= 10 ? 1 : 0));
    const computed = what.flatMap((kind, i) => (kind === 'computed' ? [i] : []));
    assert.deepEqual(computed, [0, 2, 5, 10, 12, 15]);
    assert.equal(reuse.counts.refuted, 1);
    // The distance has grown back by two refreshes: 0.5 * 1.25 * 1.25 = 0.78.
    assert.ok(reuse.lookup(Float32Array.of(1.77, 1.77)));
    assert.equal(reuse.lookup(Float32Array.of(1.79, 1.79)), undefined);
  });

  it('computes the first chunk of an episode, and is as careful as before', () => {
    const reuse = new ChunkReuse(OPTIONS);
    play(reuse, Array<number>(6).fill(0));
    reuse.reset();
    assert.deepEqual(play(reuse, [0, 0, 0, 0, 0, 0]), [
      ...['computed', 'reused', 'reused', 'reused', 'reused', 'computed'],
    ]);
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
          const { reused, computed } = reuse.counts;
          assert.equal(reused + computed, conditions.length);
        },
      ),
    );
  });
});

describe('reuseDistance', () => {
  it('is the largest up to which nearly all pairs agree', () => {
    const pairs = [0.1, 0.2, 0.3, 0.4, 0.5].map((distance) => ({ distance, error: distance }));
    assert.equal(reuseDistance(pairs, 0.25), 0.2);
    assert.equal(reuseDistance(pairs, 0.25, 0.6), 0.3);
    assert.equal(reuseDistance(pairs, 1), 0.5);
    assert.equal(reuseDistance(pairs, 0.01), 0);
    assert.equal(reuseDistance([], 1), 0);
  });

  it('keeps its promise on any pairs', () => {
    const pair: fc.Arbitrary<ReusePair> = fc.record({
      distance: fc.integer({ min: 1, max: 9 }),
      error: fc.integer({ min: 0, max: 9 }),
    });
    fc.assert(
      fc.property(fc.array(pair), fc.integer({ min: 0, max: 9 }), (pairs, tolerance) => {
        const distance = reuseDistance(pairs, tolerance, 0.9);
        const near = pairs.filter((entry) => entry.distance <= distance);
        const good = near.filter(({ error }) => error <= tolerance).length;
        assert.ok(good >= 0.9 * near.length);
      }),
    );
  });
});
