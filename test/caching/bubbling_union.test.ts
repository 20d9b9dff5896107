import assert from 'node:assert/strict';
import fc from 'fast-check';
import { blocksOf } from '../../src/caching/blocks.js';
import { bubblingUnion, type ScheduledBlock } from '../../src/caching/bubbling_union.js';
import { withFinalUpdate } from '../../src/caching/final_update.js';
import { uniformSchedule } from '../../src/caching/uniform_schedule.js';

const STEPS = 20;
const schedule = fc
  .uniqueArray(fc.integer({ min: 1, max: STEPS - 1 }), { maxLength: 6 })
  .map((steps) => [0, ...steps.sort((a, b) => a - b)]);
const scheduledBlocks = fc.integer({ min: 1, max: 4 }).chain((layers) =>
  fc
    .array(fc.record({ updates: schedule, error: fc.double({ min: 0, max: 9, noNaN: true }) }), {
      minLength: 3 * layers,
      maxLength: 3 * layers,
    })
    .map((entries) => blocksOf(layers).map((block, i) => ({ block, ...entries[i]! }))),
);

/** The n blocks of largest error, the earlier of equals. */
function chosenOf(blocks: readonly ScheduledBlock[], count: number): Set<number> {
  const chosen = new Set<number>();
  while (chosen.size < count) {
    let best = -1;
    for (const [i, { error }] of blocks.entries()) {
      if (!chosen.has(i) && (best < 0 || error > blocks[best]!.error)) best = i;
    }
    chosen.add(best);
  }
  return chosen;
}

describe('bubblingUnion', () => {
  it('gives the chosen blocks exactly the later feed-forward updates, and no other anything', () => {
    fc.assert(
      fc.property(scheduledBlocks, fc.nat(), (blocks, pick) => {
        const count = pick % (blocks.length + 1);
        const chosen = chosenOf(blocks, count);
        const united = bubblingUnion(blocks, count);
        assert.equal(united.length, blocks.length);
        for (const [i, { block, updates }] of blocks.entries()) {
          const expected = new Set(updates);
          if (chosen.has(i)) {
            // From the schedules as they came in: never from one that was united already.
            for (const later of blocks) {
              if (later.block.kind === 'feed_forward' && later.block.layer >= block.layer) {
                later.updates.forEach((step) => expected.add(step));
              }
            }
          }
          assert.deepEqual(
            united[i],
            [...expected].sort((a, b) => a - b),
          );
        }
      }),
    );
  });

  it('does not depend on the order of the blocks', () => {
    const distinct = scheduledBlocks.filter(
      (blocks) => new Set(blocks.map(({ error }) => error)).size === blocks.length,
    );
    fc.assert(
      fc.property(distinct, fc.nat(), fc.nat(), (blocks, pick, turn) => {
        const count = pick % (blocks.length + 1);
        const by = turn % blocks.length;
        const turned = [...blocks.slice(by), ...blocks.slice(0, by)];
        const united = bubblingUnion(blocks, count);
        assert.deepEqual(bubblingUnion(turned, count), [
          ...united.slice(by),
          ...united.slice(0, by),
        ]);
      }),
    );
  });

  it('changes nothing the second time for the same blocks and leaves its input alone', () => {
    fc.assert(
      fc.property(scheduledBlocks, fc.nat(), (blocks, pick) => {
        const count = pick % (blocks.length + 1);
        const before = structuredClone(blocks);
        const once = bubblingUnion(blocks, count);
        assert.deepEqual(blocks, before);
        // The later feed-forward schedules a chosen block took from are subsets of what it holds.
        const again = bubblingUnion(
          blocks.map((entry, i) =>
            entry.block.kind === 'feed_forward' ? entry : { ...entry, updates: once[i]! },
          ),
          count,
        );
        assert.deepEqual(again, once);
      }),
    );
  });

  it('works for one block and takes the earlier of equal errors', () => {
    const blocks = blocksOf(1).map((block, i) => ({ block, error: 1, updates: [0, 2 + i] }));
    assert.deepEqual(bubblingUnion(blocks, 1), [
      [0, 2, 4],
      [0, 3],
      [0, 4],
    ]);
  });

  it('refuses counts out of range and missing errors', () => {
    const blocks = blocksOf(1).map((block) => ({ block, error: 1, updates: [0] }));
    assert.throws(() => bubblingUnion(blocks, 4), /0 to 3/);
    assert.throws(() => bubblingUnion(blocks, -1), /0 to 3/);
    assert.throws(
      () => bubblingUnion([{ ...blocks[0]!, error: NaN }, ...blocks.slice(1)], 1),
      /no error measured/,
    );
  });
});

describe('withFinalUpdate', () => {
  it('ends in the last step, once', () => {
    assert.deepEqual(withFinalUpdate([0, 3], 10), [0, 3, 9]);
    assert.deepEqual(withFinalUpdate([0, 9], 10), [0, 9]);
    assert.deepEqual(withFinalUpdate([0], 1), [0]);
  });
});

describe('uniformSchedule', () => {
  it('is the fixed interval where S divides K', () => {
    assert.deepEqual(uniformSchedule(100, 10), [0, 10, 20, 30, 40, 50, 60, 70, 80, 90]);
  });

  it('has exactly S ascending steps from 0, gaps that differ by at most one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.nat(), (steps, pick) => {
        const updates = 1 + (pick % steps);
        const found = uniformSchedule(steps, updates);
        assert.equal(found.length, updates);
        assert.equal(found[0], 0);
        const gaps = found.map((step, i) => (found[i + 1] ?? steps) - step);
        assert.ok(Math.min(...gaps) >= 1 && Math.max(...gaps) - Math.min(...gaps) <= 1);
      }),
    );
  });

  it('refuses budgets outside 1..K', () => {
    assert.throws(() => uniformSchedule(10, 0), /1 to 10/);
    assert.throws(() => uniformSchedule(10, 11), /1 to 10/);
  });
});
