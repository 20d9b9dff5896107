import assert from 'node:assert/strict';
import { pairInTime } from '../../src/control/observation_pairing.js';
import { MS, push, range, ticks, told, windowOf } from './window_events.js';

describe('pairInTime', () => {
  const at = (...times: bigint[]): { stampNs: bigint }[] => times.map((stampNs) => ({ stampNs }));

  it('takes what is nearest to the latest of the source that is behind', () => {
    const pairs = pairInTime([at(0n, 10n, 20n, 30n), at(4n, 19n), at(17n, 26n)], 5n);
    assert.deepEqual(pairs, { paired: at(20n, 19n, 17n) });
  });

  it('names the source that is too far away, and how far', () => {
    assert.deepEqual(pairInTime([at(0n), at(3n), at(9n)], 3n), { unpaired: 2, apartNs: 9n });
    assert.deepEqual(pairInTime([at(0n), at(3n)], 3n), { paired: at(0n, 3n) });
  });
});

describe('ObservationWindow with pairing', () => {
  it('observes the arm as it was when the slower camera looked', () => {
    const window = windowOf({ pairing: { slopNs: 5n * MS } });
    push(window, 0, ...range(0, 150, 10));
    push(window, 1, 32, 65, 98, 131);
    assert.deepEqual(told(window.advance(150n * MS)), [
      '32 e0 due 0@30+1@32 0@30+1@32',
      '82 e0 0@30+1@32 0@70+1@65',
      '132 e0 0@70+1@65 0@130+1@131',
    ]);
    const [arm] = window.counts;
    assert.equal(arm!.used, 3);
  });

  it('ends an episode at a tick at which nothing fits, and begins one where it does', () => {
    const window = windowOf({ pairing: { slopNs: 20n * MS } });
    push(window, 0, 0, 50, 135, 190);
    push(window, 1, 0, 50, 100, 180);
    assert.deepEqual(told(window.advance(200n * MS)), [
      '0 e0 due 0@0+1@0 0@0+1@0',
      '50 e0 0@0+1@0 0@50+1@50',
      '100 e0 0@50+1@50 0@50+1@50',
      '150 episode_end unpaired: arm 35 ms apart',
      '190 e1 due 0@190+1@180 0@190+1@180',
    ]);
    assert.equal(window.notReady(200n * MS), undefined);
  });

  it('makes chunks although the paired messages are all older than a period', () => {
    const window = windowOf({
      pairing: { slopNs: 5n * MS },
      maxAgesNs: [200n * MS, 200n * MS],
    });
    for (const time of range(0, 1000, 10)) {
      push(window, 0, time);
      // The camera's pictures come 70 ms late, after the tick was observed.
      if (time >= 70 && time % 50 === 20) push(window, 1, time - 70);
      if (time === 100) assert.deepEqual(ticks(window.advance(100n * MS)), [0n]);
      if (time > 100) assert.ok(ticks(window.advance(BigInt(time) * MS)).length <= 1);
    }
    assert.equal(window.episodes, 1);
    assert.ok(window.counts[1]!.used >= 15);
  });

  it('holds no more than lies behind the slowest source', () => {
    const window = windowOf({ pairing: { slopNs: 50n * MS }, maxAgesNs: [300n * MS, 300n * MS] });
    for (let time = 0; time < 20_000; time++) {
      push(window, 0, time);
      if (time % 100 === 0 && time < 10_000) push(window, 1, time);
      told(window.advance(BigInt(time) * MS));
      const { received, used, superseded, outside_episode } = window.counts[0]!;
      assert.ok(received - used - superseded - outside_episode <= 352, `at ${time} ms`);
    }
    assert.equal(window.episodes, 1);
  });
});
