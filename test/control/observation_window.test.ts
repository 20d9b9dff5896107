import assert from 'node:assert/strict';
import fc from 'fast-check';
import { defaultMaxAgeNs, type WindowEvent } from '../../src/control/observation_window.js';
import { MS, push, range, ticks, told, windowOf } from './window_events.js';

describe('ObservationWindow', () => {
  it('takes of each source the latest that is not newer than the tick', () => {
    const window = windowOf();
    push(window, 0, 0, 10, 20, 30, 40, 50, 60);
    push(window, 1, 5, 38, 71);
    assert.deepEqual(told(window.advance(60n * MS)), [
      '5 e0 due 0@0+1@5 0@0+1@5',
      '55 e0 0@0+1@5 0@50+1@38',
    ]);
  });

  it('repeats the first observation at the start and keeps To of them', () => {
    const window = windowOf({ sources: ['arm'], obsSteps: 3 });
    push(window, 0, 0, 50, 100, 150);
    assert.deepEqual(told(window.advance(150n * MS)), [
      '0 e0 due 0@0 0@0 0@0',
      '50 e0 0@0 0@0 0@50',
      '100 e0 0@0 0@50 0@100',
      '150 e0 0@50 0@100 0@150',
    ]);
  });

  it('makes a chunk due every actionSteps ticks', () => {
    const window = windowOf();
    push(window, 0, ...range(0, 1000, 50));
    push(window, 1, ...range(0, 1000, 50));
    assert.deepEqual(ticks(window.advance(1000n * MS)), [0n, 200n, 400n, 600n, 800n, 1000n]);
  });

  it('begins when the last source has come, at that stamp', () => {
    const window = windowOf();
    push(window, 0, ...range(0, 300, 50));
    assert.deepEqual(told(window.advance(120n * MS)), []);
    assert.equal(window.notReady(120n * MS), 'missing: camera');
    push(window, 1, 130, 180, 230);
    assert.deepEqual(ticks(window.advance(230n * MS), false), [130n, 180n, 230n]);
  });

  it('survives one lost message, not two, and says which source was too old', () => {
    const window = windowOf();
    push(window, 0, ...range(0, 500, 50));
    push(window, 1, 0, 50, 150, 200, 350, 400, 450, 500);
    assert.deepEqual(
      told(window.advance(500n * MS)).filter((line) => !/ e\d 0/.test(line)),
      [
        '0 e0 due 0@0+1@0 0@0+1@0',
        '200 e0 due 0@150+1@150 0@200+1@200',
        '400 e0 due 0@350+1@350 0@400+1@400',
      ],
    );
    const other = windowOf();
    push(other, 0, ...range(0, 500, 50));
    push(other, 1, 0, 50, 250, 300);
    const events = told(other.advance(300n * MS));
    assert.ok(events.includes('200 episode_end stale: camera 150 ms old'), events.join('\n'));
    assert.ok(events.includes('250 e1 due 0@250+1@250 0@250+1@250'), 'history did not reset');
  });

  it('anchors the next episode at the first stamp at which all are fresh again', () => {
    const window = windowOf();
    push(window, 0, ...range(0, 200, 50));
    push(window, 1, ...range(0, 200, 50));
    assert.deepEqual(ticks(window.advance(2200n * MS)), [0n, 200n]);
    push(window, 0, ...range(2210, 2610, 50));
    push(window, 1, ...range(2223, 2623, 50));
    assert.deepEqual(ticks(window.advance(2610n * MS)), [2223n, 2423n]);
    assert.equal(window.episodes, 2);
  });

  it('holds a due chunk back when all sources stopped together', () => {
    const window = windowOf();
    push(window, 0, ...range(0, 100, 50), ...range(600, 800, 50));
    push(window, 1, ...range(0, 100, 50), ...range(600, 800, 50));
    const events = told(window.advance(800n * MS));
    assert.ok(events.includes('200 skipped no new observation'), events.join('\n'));
    assert.ok(events.includes('250 episode_end stale: arm 150 ms old'));
    assert.equal(events.filter((line) => line.includes('due')).length, 3);
  });

  it('makes up for a chunk that was held back as soon as something comes', () => {
    const window = windowOf({ maxAgesNs: [250n * MS], sources: ['arm'] });
    push(window, 0, 0, 50, 300, 350);
    assert.deepEqual(ticks(window.advance(350n * MS)), [0n, 300n]);
  });

  it('meets stamps at rates whose period is no whole number of nanoseconds', () => {
    const window = windowOf({ sources: ['arm'], rateHz: 30, maxAgesNs: [defaultMaxAgeNs(30)] });
    const seen: string[] = [];
    for (let i = 0; i < 300; i++) {
      const stampNs = BigInt(Math.trunc((i * 1e9) / 30));
      window.push(0, stampNs, `${i}`);
      for (const event of window.advance(stampNs)) {
        if (event.kind === 'observation') seen.push(event.window.at(-1)!.samples[0]!.value);
      }
    }
    assert.deepEqual(
      seen,
      Array.from({ length: 300 }, (_, i) => `${i}`),
    );
  });

  it('leaves out duplicates and what is stamped before the newest of its source', () => {
    const window = windowOf();
    push(window, 0, 100);
    assert.equal(window.push(0, 99n * MS, 'late'), 'out_of_order');
    assert.equal(window.push(0, 100n * MS, 'again'), 'duplicate');
    assert.equal(window.push(1, 99n * MS, 'other source'), 'taken');
    window.passOver(1);
    assert.deepEqual(told(window.advance(100n * MS)), [
      '100 e0 due 0@100+other source 0@100+other source',
    ]);
    const none = { superseded: 0, outside_episode: 0, duplicate: 0, out_of_order: 0 };
    assert.deepEqual(window.counts, [
      { ...none, received: 3, used: 1, duplicate: 1, out_of_order: 1, other_joints: 0 },
      { ...none, received: 2, used: 1, other_joints: 1 },
    ]);
  });

  it('accounts for every message', () => {
    const window = windowOf();
    push(window, 0, 0);
    assert.equal(window.push(0, 0n, 'again'), 'duplicate');
    push(window, 0, ...range(100, 300, 10), 1000);
    push(window, 1, ...range(100, 300, 50), 1000);
    assert.ok(ticks(window.advance(1000n * MS)).length > 0);
    const [arm, camera] = window.counts;
    assert.deepEqual(arm, {
      received: 24,
      used: 6,
      superseded: 16,
      outside_episode: 1,
      duplicate: 1,
      out_of_order: 0,
      other_joints: 0,
    });
    assert.equal(camera!.used, 6);
  });

  it('holds for any stamps: ages, order, grid and spacing of chunks', () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 180 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(gaps, gaps, fc.integer({ min: 1, max: 4 }), (arm, camera, obsSteps) => {
        const maxAgeNs = defaultMaxAgeNs(20);
        const window = windowOf({ obsSteps });
        const messages = [arm, camera].flatMap((list, source) => {
          let time = 0;
          return list.map((gap) => ({ source, time: (time += gap) }));
        });
        // In the order of time and in steps, as they come on a robot.
        messages.sort((a, b) => a.time - b.time);
        const events: WindowEvent<string>[] = [];
        for (const { source, time } of messages) {
          window.push(source, BigInt(time) * MS, '');
          events.push(...window.advance(BigInt(time - 1) * MS));
        }
        let before: Extract<WindowEvent<string>, { kind: 'observation' }> | undefined;
        let lastDue: bigint | undefined;
        for (const event of events) {
          if (event.kind === 'episode_end') before = lastDue = undefined;
          if (event.kind !== 'observation') continue;
          assert.equal(event.window.length, obsSteps);
          for (const { stampNs } of event.window.at(-1)!.samples) {
            assert.ok(stampNs <= event.tickNs && event.tickNs - stampNs <= maxAgeNs);
          }
          if (before) {
            assert.equal(event.tickNs - before.tickNs, 50n * MS);
            assert.equal(event.window.at(-2) ?? before.window.at(-1), before.window.at(-1));
          } else {
            assert.ok(event.due && event.window.every((o) => o === event.window[0]));
          }
          if (event.due) {
            if (lastDue !== undefined) assert.ok(event.tickNs - lastDue >= 200n * MS);
            lastDue = event.tickNs;
          }
          before = event;
        }
      }),
      { numRuns: 500 },
    );
  });
});
