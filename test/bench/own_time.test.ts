import assert from 'node:assert/strict';
import { ownTime } from '../../src/bench/own_time.js';

describe('ownTime', () => {
  const timed = { times: [10, 30, 20, 40], cpuTimes: [9, 8, 7, 6] };

  it('is the time of the processor with one thread, which others do not lengthen', () => {
    assert.equal(ownTime(timed, 1), 8);
  });

  it('is that of the fastest chunks with several threads, and of other processes', () => {
    assert.equal(ownTime(timed, 2), 10);
    assert.equal(ownTime({ times: [10, 30, 20], cpuTimes: [] }, 1), 10);
    const times = Array.from({ length: 20 }, (_, i) => 20 - i);
    assert.equal(ownTime({ times, cpuTimes: [] }, 2), 3);
  });
});
