import assert from 'node:assert/strict';
import { choosePresets } from '../../src/search/choose_presets.js';
import type { Found } from '../../src/search/find_candidates.js';

/** Candidates by number of evaluations and error. */
function curve(...points: readonly (readonly [count: number, error: number])[]): Found[] {
  return points.map(([count, error]) => ({
    evaluations: Array.from({ length: count }, (_, i) => i),
    lookAhead: [],
    fall: 0.5,
    error,
    heldOut: error,
  }));
}

function counts(found: readonly Found[], spread: number): number[] {
  const { quality, balanced, fast } = choosePresets(found, spread);
  return [quality, balanced, fast].map(({ evaluations }) => evaluations.length);
}

describe('presets', () => {
  it('take the cheapest candidates that are exact enough', () => {
    const found = curve([1, 0.9], [2, 0.45], [3, 0.24], [5, 0.2], [8, 0.1]);
    assert.deepEqual(counts(found, 1), [8, 3, 2]);
    assert.deepEqual(counts([...found].reverse(), 1), [8, 3, 2]);
  });

  it('differ where one candidate would do for all, the slower ones being more exact', () => {
    const found = curve([1, 0.1], [2, 0.05], [3, 0.04], [5, 0.03]);
    assert.deepEqual(counts(found, 1), [3, 2, 1]);
  });

  it('take the most exact candidates where none is exact enough', () => {
    assert.deepEqual(counts(curve([1, 9], [2, 8], [3, 7], [5, 6]), 1), [5, 3, 2]);
  });

  it('never take what another one beats at less cost', () => {
    assert.deepEqual(
      counts(curve([1, 0.9], [2, 0.4], [3, 0.45], [5, 0.5], [8, 0.2]), 1),
      [8, 2, 1],
    );
  });

  it('coincide where there are fewer than three', () => {
    assert.deepEqual(counts(curve([1, 0.9], [2, 0.95], [3, 0.3]), 1), [3, 1, 1]);
    assert.deepEqual(counts(curve([4, 0.9]), 1), [4, 4, 4]);
  });
});
