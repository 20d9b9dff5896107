import assert from 'node:assert/strict';
import type { Contender } from '../../src/bench/contender.js';
import { measure } from '../../src/bench/measure.js';

describe('measure', () => {
  const ran: string[] = [];
  /** Takes 1, 2, 3, ... ms and is off by a number. */
  const contender = (name: string, off: number, loadMs?: number): Contender => {
    let calls = 0;
    return {
      name,
      engine: 'fake',
      cost: 0.5,
      ...(loadMs !== undefined && { loadMs }),
      run: (i) => {
        ran.push(`${name}${i}`);
        return Promise.resolve({ ms: ++calls, action: Float32Array.of(i, i + off) });
      },
      close: () => Promise.resolve(),
    };
  };
  beforeEach(() => (ran.length = 0));

  it('takes turns, warms up first, and begins again when the samples are used up', async () => {
    const options = { chunks: 3, samples: 2, threads: 1 };
    await measure([contender('a', 0), contender('b', 0)], options);
    assert.deepEqual(ran, ['a0', 'b0', 'a0', 'b0', 'a0', 'b0', 'a1', 'b1', 'a0', 'b0']);
  });

  it('gives quantiles of the times without warm-up', async () => {
    let heard = 0;
    const onChunk = (): void => void heard++;
    const options = { chunks: 11, samples: 1, threads: 2, onChunk };
    const [row] = await measure([contender('a', 0, 12.34567)], options);
    // Two warm-up chunks took 1 and 2 ms: 3 to 13 remain.
    assert.deepEqual(row, {
      ...{ name: 'a', engine: 'fake', threads: 2, median_ms: 8, p90_ms: 12, p99_ms: 12.9 },
      ...{ own_ms: 4, cost: 0.5, error_rms: 0, load_ms: 12.346 },
    });
    assert.equal(heard, 11);
  });

  it('gives the error against the first, over all samples and actions', async () => {
    const options = { chunks: 4, samples: 2, threads: 1 };
    const rows = await measure([contender('a', 0), contender('b', -3)], options);
    assert.equal(rows[0]!.error_rms, 0);
    // Of the two numbers of an action one is off by 3.
    assert.ok(Math.abs(rows[1]!.error_rms - 3 / Math.SQRT2) < 1e-12);
    assert.equal(rows[1]!.load_ms, null);
  });
});
