import assert from 'node:assert/strict';
import fc from 'fast-check';
import { defaultMaxAgeNs, type WindowEvent } from '../../src/control/observation_window.js';
import { MS, push, range, ticks, told, windowOf } from './window_events.js';

describe('ObservationWindow, live', () => {
  it('tells when the next tick is, and how many ticks before a chunk is due', () => {
    const window = windowOf({ sources: ['arm'] });
    assert.equal(window.nextTickNs, undefined);
    push(window, 0, ...range(7, 257, 50));
    const dueIn = [...window.advance(257n * MS)].map((event) =>
      event.kind === 'observation' ? event.dueInTicks : event.kind,
    );
    assert.deepEqual(dueIn, [0, 3, 2, 1, 0, 3]);
    assert.equal(window.nextTickNs, 307n * MS);
  });

  it('makes a chunk due again that could not be made', () => {
    const window = windowOf({ sources: ['arm'] });
    push(window, 0, ...range(0, 500, 50));
    const due: bigint[] = [];
    for (const event of window.advance(500n * MS)) {
      if (event.kind !== 'observation' || !event.due) continue;
      due.push(event.tickNs / MS);
      if (due.length < 3) window.retry();
    }
    assert.deepEqual(due, [0n, 50n, 100n, 300n, 500n]);
  });

  it('takes other ages and another action horizon while it runs', () => {
    const window = windowOf({ sources: ['arm'] });
    push(window, 0, ...range(0, 200, 50));
    assert.deepEqual(ticks(window.advance(200n * MS)), [0n, 200n]);
    window.setActionSteps(2);
    push(window, 0, ...range(250, 400, 50));
    assert.deepEqual(ticks(window.advance(400n * MS)), [300n, 400n]);
    window.setMaxAges([20n * MS]);
    assert.deepEqual(told(window.advance(450n * MS)), ['450 episode_end stale: arm 50 ms old']);
    push(window, 0, 500);
    window.setMaxAges([500n * MS]);
    assert.deepEqual(ticks(window.advance(1000n * MS), false).at(-1), 1000n);
  });

  it('does not wait longer than the new horizon, nor forget what is due already', () => {
    const window = windowOf({ sources: ['arm'], actionSteps: 8 });
    push(window, 0, ...range(0, 400, 50));
    assert.deepEqual(ticks(window.advance(250n * MS)), [0n]);
    window.setActionSteps(2);
    assert.deepEqual(ticks(window.advance(300n * MS)), [300n]);
    window.retry();
    window.setActionSteps(8);
    assert.deepEqual(ticks(window.advance(350n * MS)), [350n]);
  });

  it('makes its chunks at their ticks when stamps jitter around them', () => {
    const window = windowOf({ sources: ['arm'] });
    // Ticks begin at the first stamp; all others lie up to 2 ms before or behind theirs.
    const jitter = [0, 2, -1, 1, 2, -2, 1, 0, 2, -2, -1, 1, 2];
    push(window, 0, ...jitter.map((off, i) => 1000 + 50 * i + off));
    const due = [1000n, 1200n, 1400n, 1600n];
    assert.deepEqual(ticks(window.advance(1600n * MS)), due);
  });

  it('judges each source by its own age', () => {
    const window = windowOf({ maxAgesNs: [60n * MS, 1000n * MS] });
    push(window, 0, ...range(0, 600, 50));
    push(window, 1, 0);
    const events = told(window.advance(600n * MS));
    assert.equal(events.length, 13);
    assert.ok(events.every((line) => line.includes(' e0 ')));
    assert.deepEqual(told(window.advance(700n * MS)), [
      '650 e0 0@600+1@0 0@600+1@0',
      '700 episode_end stale: arm 100 ms old',
    ]);
  });

  it('forgets everything but the counts when it is reset, also that time was later', () => {
    const window = windowOf();
    push(window, 0, ...range(1000, 1200, 50), 1250);
    push(window, 1, ...range(1000, 1200, 50));
    assert.equal(ticks(window.advance(1200n * MS), false).length, 5);
    window.reset();
    assert.equal(window.nextTickNs, undefined);
    assert.deepEqual(window.newestNs, [undefined, undefined]);
    assert.equal(window.notReady(1200n * MS), 'missing: arm');
    push(window, 0, 3, 50);
    push(window, 1, 3, 50);
    assert.deepEqual(told(window.advance(10n * MS)), ['3 e1 due 0@3+1@3 0@3+1@3']);
    const { received, used, outside_episode } = window.counts[0]!;
    assert.deepEqual([received, used, outside_episode], [8, 6, 1]);
  });

  it('ends as a clock that runs on after the last message does', () => {
    const messages = range(0, 187, 17);
    const inReplay = windowOf({ actionSteps: 1 });
    push(inReplay, 0, ...messages);
    push(inReplay, 1, ...messages);
    const replayed = [...inReplay.advance(187n * MS), ...inReplay.finish()];
    const live = windowOf({ actionSteps: 1 });
    push(live, 0, ...messages);
    push(live, 1, ...messages);
    assert.deepEqual(ticks(replayed), [0n, 50n, 100n, 150n, 200n]);
    assert.deepEqual(ticks(live.advance(5000n * MS)), ticks(replayed));
  });

  it('makes the chunks that a replay of the same messages makes', () => {
    const gap = fc.oneof(fc.constant(50), fc.integer({ min: 1, max: 150 }));
    const stream = fc.array(gap, { minLength: 1, maxLength: 60, size: 'max' });
    const pairing = fc.option(fc.record({ slopNs: fc.bigInt(0n, 60n * MS) }), { nil: undefined });
    const polls = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 20, maxLength: 40 });
    let chunks = 0;
    fc.assert(
      fc.property(
        stream,
        stream,
        fc.nat(90),
        pairing,
        polls,
        (arm, camera, delay, pairs, steps) => {
          const messages = [arm, camera].flatMap((gaps, source) => {
            let time = 1000;
            return gaps.map((step) => ({ source, time: (time += step) }));
          });
          messages.sort((a, b) => a.time - b.time);
          const options = pairs ? { pairing: pairs } : {};

          // Replay: a tick is observed once every source is beyond it, or silent for a second.
          const inReplay = windowOf(options);
          const replayed: string[] = [];
          for (const { source, time } of messages) {
            push(inReplay, source, time);
            const silent = BigInt(time - 1000) * MS;
            const known = inReplay.newestNs.map((ns) =>
              ns === undefined || ns < silent ? silent : ns,
            );
            const least = known.reduce((a, b) => (a < b ? a : b));
            replayed.push(...told(inReplay.advance(least)));
          }
          replayed.push(...told(inReplay.finish()));

          // Live: messages of the camera come late, a clock asks every now and then.
          const live = windowOf(options);
          const seen: string[] = [];
          const arrivals = messages
            .map((message) => ({
              ...message,
              at: message.time + (message.source === 1 ? delay : 0),
            }))
            .sort((a, b) => a.at - b.at);
          const end = arrivals.at(-1)!.at + 1000;
          for (let now = 1000, i = 0; now < end; now += steps[i++ % steps.length]!) {
            while (arrivals.length > 0 && arrivals[0]!.at <= now) {
              const { source, time } = arrivals.shift()!;
              push(live, source, time);
            }
            seen.push(...told(live.advance(BigInt(now - 90) * MS)));
          }
          const due = (lines: string[]): string[] => lines.filter((line) => line.includes(' due '));
          assert.deepEqual(due(seen), due(replayed));
          chunks += due(seen).length;
        },
      ),
      { numRuns: 300 },
    );
    assert.ok(chunks > 1000, `${chunks} chunks`);
  });

  it('says that a source is ahead of the clock', () => {
    const window = windowOf();
    push(window, 0, 100);
    push(window, 1, 5000);
    assert.deepEqual(told(window.advance(120n * MS)), []);
    assert.equal(window.notReady(120n * MS), 'ahead: camera 4880 ms in the future');
  });

  it('holds little of a source that floods while another is missing', () => {
    const held = (window: ReturnType<typeof windowOf>): number => {
      const { received, outside_episode, superseded, used } = window.counts[0]!;
      return received - outside_episode - superseded - used;
    };
    const window = windowOf({ maxAgesNs: [3_600_000n * MS, 3_600_000n * MS] });
    for (let i = 0; i < 20_000; i++) {
      window.push(0, BigInt(i) * MS, '');
      assert.equal([...window.advance(BigInt(i) * MS)].length, 0);
    }
    assert.ok(held(window) <= 2, `${held(window)} of a source whose messages can be used`);

    const ahead = windowOf();
    const HOUR = 3_600_000n * MS;
    for (let i = 0; i < 20_000; i++) {
      ahead.push(0, HOUR + BigInt(i) * 33n * MS, '');
      assert.equal([...ahead.advance(BigInt(i) * 33n * MS)].length, 0);
    }
    assert.ok(held(ahead) < 100, `${held(ahead)} of a source whose clock is ahead`);

    const quick = windowOf();
    for (let i = 0; i < 20_000; i++) quick.push(0, HOUR + BigInt(i), '');
    assert.ok(held(quick) < 5000, `${held(quick)} of a source that floods`);
  });

  it('accounts for every message and observes only what it may, whatever arrives', () => {
    /** A stream: gaps between stamps, delay of each message, which are lost and which come twice. */
    const message = fc.record({
      gap: fc.integer({ min: 0, max: 90 }),
      delay: fc.integer({ min: 0, max: 90 }),
      lost: fc.nat(9).map((n) => n === 0),
      twice: fc.nat(5).map((n) => n === 0),
    });
    const stream = fc.array(message, { minLength: 1, maxLength: 60, size: 'max' });
    const pairing = fc.option(fc.record({ slopNs: fc.bigInt(0n, 60n * MS) }), { nil: undefined });
    const seen = { observations: 0, unpaired: 0 };
    fc.assert(
      fc.property(stream, stream, pairing, fc.nat(100), (arm, camera, pairs, waitMs) => {
        const maxAgesNs = [defaultMaxAgeNs(20), 2n * defaultMaxAgeNs(20)];
        const window = windowOf({ maxAgesNs, ...(pairs && { pairing: pairs }) });
        const arrivals = [arm, camera].flatMap((list, source) => {
          let time = 0;
          return list.flatMap(({ gap, delay, lost, twice }) => {
            time += gap;
            const one = { source, time, at: time + delay };
            return lost ? [] : twice ? [one, { ...one, at: one.at + 1 }] : [one];
          });
        });
        arrivals.sort((a, b) => a.at - b.at);
        const known: bigint[][] = [[], []];
        const check = (event: WindowEvent<string>): void => {
          if (event.kind === 'episode_end' && event.reason.startsWith('unpaired')) {
            seen.unpaired++;
          }
          if (event.kind !== 'observation') return;
          seen.observations++;
          const stamps = event.window.at(-1)!.samples.map(({ stampNs }) => stampNs);
          for (const [i, stampNs] of stamps.entries()) {
            assert.ok(stampNs <= event.tickNs, 'from the future');
            assert.ok(event.tickNs - stampNs <= maxAgesNs[i]!, 'too old');
            const latest = known[i]!.filter((k) => k <= event.tickNs).at(-1);
            if (!pairs) assert.equal(stampNs, latest, 'not the latest that is known');
          }
          if (pairs) {
            const apart = stamps[0]! - stamps[1]!;
            assert.ok(apart <= pairs.slopNs && -apart <= pairs.slopNs, 'too far apart');
          }
          assert.equal(event.due, event.dueInTicks === 0);
        };
        for (const { source, time, at } of arrivals) {
          const stampNs = BigInt(time) * MS;
          for (const event of window.advance(BigInt(at - 1 - waitMs) * MS)) check(event);
          const newest = known[source]!.at(-1) ?? -1n;
          const expected =
            stampNs > newest ? 'taken' : stampNs === newest ? 'duplicate' : 'out_of_order';
          assert.equal(window.push(source, stampNs, ''), expected);
          if (expected === 'taken') known[source]!.push(stampNs);
        }
        for (const event of window.finish()) check(event);
        window.reset();
        for (const [i, counts] of window.counts.entries()) {
          const { received, ...rest } = counts;
          assert.equal(received, arrivals.filter(({ source }) => source === i).length);
          assert.equal(
            Object.values(rest).reduce((sum, n) => sum + n, 0),
            received,
          );
        }
      }),
      { numRuns: 500 },
    );
    assert.ok(seen.observations > 2000 && seen.unpaired > 200, JSON.stringify(seen));
  });
});
