import assert from 'node:assert/strict';
import { driftConstants } from '../../../src/control/drift_constants.js';
import { driftReference } from '../../../src/control/drift_reference.js';
import { THUMBNAIL_SIZE } from '../../../src/control/thumbnail.js';
import { driftFacts } from '../../../src/report/facts/drift_facts.js';
import type { DriftFacts } from '../../../src/report/facts/report_facts.js';
import { type Episodes, episodesOf } from '../../support/drifting_episodes.js';
import { normals } from '../../support/seeded_random.js';

describe('driftFacts', () => {
  const CELLS = THUMBNAIL_SIZE ** 2;
  /** Pictures of a scene seen from afar; a camera that was moved sees another. */
  const pictures = (seed: number, moved = 0) => {
    const noise = normals(seed, 40 * CELLS);
    const one = (i: number): Float32Array =>
      Float32Array.from(
        { length: CELLS },
        (_, cell) => Math.sin(cell / 5 + moved) + 0.01 * noise[i * CELLS + cell]!,
      );
    return new Map([
      [
        'front',
        {
          thumbnails: Array.from({ length: 40 }, (_, i) => one(i)),
          episodes: Array.from({ length: 40 }, (_, i) => i >> 1),
        },
      ],
    ]);
  };
  const { conditions, episodes } = episodesOf(1, 40);
  const constants = driftConstants(driftReference(conditions, episodes, pictures(2)));
  const facts = (of: Episodes, seen?: ReturnType<typeof pictures>): DriftFacts =>
    driftFacts(
      constants,
      { condition: of.conditions, episodes: of.episodes, ...(seen && { pictures: seen }) },
      'plan',
    )!;

  it('finds little where all is as in calibration', () => {
    const { observations, beyond, raised, cameras, median } = facts(episodesOf(7, 6), pictures(3));
    assert.equal(observations, 120);
    assert.ok(beyond < 0.1 && raised < 0.1 && median < 1, `${beyond} ${raised} ${median}`);
    assert.equal(cameras['front']!.seen, 40);
    assert.ok(cameras['front']!.beyond < 0.3);
  });

  it('finds a shifted robot, all episodes but the observations that it takes to be sure', () => {
    const { beyond, raised } = facts(episodesOf(7, 6, [0, 0, 0.4, 0, 0]));
    assert.equal(beyond, 1);
    // Every episode has 20 observations, and begins anew: three are too few.
    assert.equal(raised, 17 / 20);
    // Episodes that were recorded side by side take turns.
    const { conditions: rows, episodes: of } = episodesOf(7, 2, [0, 0, 0.4, 0, 0]);
    const order = Array.from({ length: 40 }, (_, i) => (i % 2) * 20 + (i >> 1));
    const turns = facts({
      conditions: Float32Array.from(order.flatMap((i) => [...rows.subarray(10 * i, 10 * i + 10)])),
      episodes: order.map((i) => of[i]!),
    });
    assert.equal(turns.raised, 17 / 20);
  });

  it('finds a camera that was moved, which the condition does not show', () => {
    const { beyond, cameras } = facts(episodesOf(7, 6), pictures(3, 0.5));
    assert.ok(beyond < 0.1);
    assert.deepEqual(cameras, { front: { seen: 40, beyond: 1 } });
  });

  it('says nothing of plans without a monitor', () => {
    const none = driftFacts(new Map(), { condition: conditions, episodes }, 'plan');
    assert.equal(none, null);
  });
});
