import assert from 'node:assert/strict';
import { ownTime } from '../../src/bench/own_time.js';

describe('ownTime', () => {
  const timed = { times: [10, 30, 20], cpuTimes: [9, 8, 7] };

  it('is the time of the processor with one thread, which others do not lengthen', () => {
    assert.equal(ownTime(timed, 1), 8);
  });

  it('is that of the clock with several threads, and for other processes', () => {
    assert.equal(ownTime(timed, 2), 20);
    assert.equal(ownTime({ times: [10, 30, 20], cpuTimes: [] }, 1), 20);
  });
});
