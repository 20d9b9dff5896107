import assert from 'node:assert/strict';
import { JoinedTargets } from '../../../src/control/motion/joined_targets.js';

const PERIOD = 50_000_000n;
const TICK = 1_000n * PERIOD;
const chunk = (tick: number, rows: number[]): Parameters<JoinedTargets['join']>[0] => ({
  tickNs: TICK + BigInt(tick) * PERIOD,
  periodNs: PERIOD,
  rows: rows.map((value) => [value]),
});
const at = (tick: number): bigint => TICK + BigInt(Math.round(tick * 1000)) * (PERIOD / 1000n);

describe('JoinedTargets', () => {
  it('drops what is past, and what is too near to be met', () => {
    const joined = new JoinedTargets();
    const targets = joined.join(chunk(0, [1, 2, 3, 4]), at(1.2), 'replace')!;
    assert.deepEqual(targets.rows, [[2], [3], [4]]);
    assert.ok(Math.abs(targets.firstS - 0.04) < 1e-12);
    assert.deepEqual(joined.join(chunk(0, [1, 2, 3, 4]), at(1.9), 'replace')!.rows, [[3], [4]]);
    assert.deepEqual(joined.join(chunk(0, [1, 2]), at(0), 'replace')!.rows, [[1], [2]]);
    assert.equal(joined.join(chunk(0, [1, 2, 3, 4]), at(3.8), 'replace'), undefined);
    assert.equal(joined.join(chunk(0, [1, 2, 3, 4]), at(9), 'replace'), undefined);
  });

  it('blends along the overlap, by time', () => {
    const joined = new JoinedTargets();
    joined.join(chunk(0, [0, 0, 0, 0, 0]), at(0), 'blend');
    // Both speak of ticks 3, 4 and 5.
    const { rows } = joined.join(chunk(2, [4, 4, 4, 4, 4]), at(2), 'blend')!;
    assert.deepEqual(rows, [[1], [2], [3], [4], [4]]);
    // What was blended is what the next one is blended with.
    assert.deepEqual(joined.join(chunk(4, [4, 4, 4]), at(4), 'blend')!.rows, [[3.25], [4], [4]]);
    joined.clear();
    assert.deepEqual(joined.join(chunk(5, [7, 7]), at(5), 'blend')!.rows, [[7], [7]]);
  });

  it('averages all chunks of the same time, the oldest a little more', () => {
    const joined = new JoinedTargets();
    joined.join(chunk(0, [1, 1, 1]), at(0), 'ensemble');
    joined.join(chunk(1, [2, 2, 2]), at(1), 'ensemble');
    const { rows } = joined.join(chunk(2, [6, 6, 6]), at(2), 'ensemble')!;
    const weights = [1, Math.exp(-0.01), Math.exp(-0.02)];
    const mean = (values: number[]): number => {
      const used = weights.slice(0, values.length);
      const sum = values.reduce((total, value, i) => total + value * used[i]!, 0);
      return sum / used.reduce((total, weight) => total + weight);
    };
    [mean([1, 2, 6]), mean([2, 6]), 6].forEach((wanted, i) =>
      assert.ok(Math.abs(rows[i]![0]! - wanted) < 1e-12),
    );
  });

  it('takes ticks that are rounded for what they are', () => {
    const joined = new JoinedTargets();
    joined.join(chunk(0, [0, 0, 0]), at(0), 'blend');
    const next = { ...chunk(1, [3, 3, 3]), tickNs: TICK + PERIOD + 1n };
    assert.deepEqual(joined.join(next, at(1), 'blend')!.rows, [[1], [2], [3]]);
  });
});
