import assert from 'node:assert/strict';
import type { Candidate, Outcome } from '../../src/search/plan_search.js';
import { reuseAtLast } from '../../src/search/reuse_at_last.js';

const FOUND = { evaluations: [3, 9], reused: [], error: 1, heldOut: 1 };
/** What the error grows by when a block is missing. */
const MISSED = new Map([
  [2, 0.5],
  [5, 0.1],
  [8, 0.3],
]);

describe('reuseAtLast', () => {
  const carried: string[] = [];
  const search = {
    carryOut: ({ evaluations, reused }: Candidate): Promise<Outcome> => {
      carried.push(reused.join());
      const error = reused.reduce((sum, block) => sum + MISSED.get(block)!, 1);
      return Promise.resolve({ evaluations, reused, error, heldOut: error, runs: () => [] });
    },
  };
  beforeEach(() => (carried.length = 0));
  const reuse = (count: number, stopped: boolean): ReturnType<typeof reuseAtLast> =>
    reuseAtLast(search, FOUND, [...MISSED.keys()], count, () => stopped);

  it('leaves out those that are missed least', async () => {
    const { reused, error } = await reuse(2, false);
    assert.deepEqual(reused, [5, 8]);
    assert.ok(Math.abs(error - 1.4) < 1e-12);
  });

  it('has nothing to do where none has to be', async () => {
    assert.equal(await reuse(0, false), FOUND);
    assert.deepEqual(carried, []);
  });

  it('still leaves out enough when it is stopped', async () => {
    assert.deepEqual((await reuse(2, true)).reused, [2, 5]);
    assert.deepEqual(carried, ['2', '2,5']);
  });
});
