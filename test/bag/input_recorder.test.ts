import assert from 'node:assert/strict';
import fc from 'fast-check';
import { InputRecorder } from '../../src/bag/input_recorder.js';

const S = 1_000_000_000n;
const MIB = 1024 * 1024;
const TYPE = 'sensor_msgs/msg/JointState';

/** Pushes messages that came at these times, s, each of so many bytes. */
function push(recorder: InputRecorder, times: readonly number[], bytes = 100): void {
  for (const time of times) {
    recorder.push('/joints', TYPE, new Uint8Array(bytes), BigInt(Math.round(time * 1e9)));
  }
}

function timesOf(recorder: InputRecorder, seconds = 0): number[] {
  return recorder.last(seconds).map(({ receivedNs }) => Number(receivedNs) / 1e9);
}

describe('InputRecorder', () => {
  it('keeps the last seconds and counts what it dropped', () => {
    const recorder = new InputRecorder({ seconds: 2, bytes: MIB });
    push(recorder, [0, 1, 2, 3, 4.5]);
    assert.deepEqual(timesOf(recorder), [3, 4.5]);
    assert.deepEqual([recorder.messages, recorder.seconds], [2, 1.5]);
    const counts = { received: 5, too_old: 3, no_room: 0, clock_set_back: 0 };
    assert.deepEqual(recorder.counts, counts);
  });

  it('drops the oldest when there is no room, and what has no room at all', () => {
    const recorder = new InputRecorder({ seconds: 100, bytes: 3000 });
    push(recorder, [1, 2, 3, 4], 800);
    assert.deepEqual(timesOf(recorder), [2, 3, 4]);
    push(recorder, [5], 3001);
    assert.deepEqual(timesOf(recorder), []);
    assert.equal(recorder.seconds, 0);
    push(recorder, [6], 10);
    assert.deepEqual(timesOf(recorder), [6]);
    assert.equal(recorder.counts.no_room, 5);
  });

  it('gives the last seconds of what it holds, as it came', () => {
    const recorder = new InputRecorder({ seconds: 100, bytes: MIB });
    const cdr = Uint8Array.of(0, 1, 0, 0);
    recorder.push('/a', 'x/msg/X', cdr, S);
    recorder.push('/b', 'y/msg/Y', cdr, 3n * S);
    assert.deepEqual(timesOf(recorder, 2), [1, 3]);
    const [last] = recorder.last(1.9);
    assert.deepEqual(last, { topic: '/b', type: 'y/msg/Y', cdr, receivedNs: 3n * S });
    assert.equal(last!.cdr, cdr);
    assert.deepEqual(new InputRecorder({ seconds: 1, bytes: MIB }).last(0), []);
  });

  it('forgets what came before the clock was set back', () => {
    const recorder = new InputRecorder({ seconds: 100, bytes: MIB });
    push(recorder, [10, 11, 11, 5, 6]);
    assert.deepEqual(timesOf(recorder), [5, 6]);
    assert.equal(recorder.counts.clock_set_back, 3);
  });

  it('takes other limits at once; no seconds keep nothing', () => {
    const recorder = new InputRecorder({ seconds: 100, bytes: MIB });
    push(recorder, [1, 2, 3, 4]);
    recorder.setLimits({ seconds: 1, bytes: MIB });
    assert.deepEqual(timesOf(recorder), [3, 4]);
    recorder.setLimits({ seconds: 0, bytes: MIB });
    push(recorder, [5]);
    assert.equal(recorder.messages, 0);
    recorder.setLimits({ seconds: 1, bytes: MIB });
    push(recorder, [6]);
    assert.deepEqual(timesOf(recorder), [6]);
  });

  it('holds what a plain list would, within its limits', () => {
    const gap = fc.integer({ min: 0, max: 400 });
    const size = fc.integer({ min: 0, max: 300 });
    fc.assert(
      fc.property(fc.array(fc.tuple(gap, size), { size: 'max', maxLength: 5000 }), (messages) => {
        const recorder = new InputRecorder({ seconds: 20, bytes: 60_000 });
        const all: { time: number; bytes: number }[] = [];
        let time = 0;
        for (const [step, bytes] of messages) {
          time += step;
          push(recorder, [time / 1000], bytes);
          all.push({ time, bytes: bytes + 200 });
        }
        let bytes = 0;
        const expected = all
          .reverse()
          .filter((message) => {
            bytes += message.bytes;
            return bytes <= 60_000 && time - message.time <= 20_000;
          })
          .map((message) => message.time / 1000);
        assert.deepEqual(timesOf(recorder), expected.reverse());
        const { received, too_old, no_room } = recorder.counts;
        assert.equal(received - too_old - no_room, recorder.messages);
      }),
      { numRuns: 20 },
    );
  });

  it('takes no longer for a message when it is full', () => {
    const recorder = new InputRecorder({ seconds: 1e6, bytes: 100_000 * 300 });
    const spent = (from: number): number => {
      const started = performance.now();
      const times = Array.from({ length: 100_000 }, (_, i) => from + i / 1000);
      push(recorder, times);
      return performance.now() - started;
    };
    spent(0);
    assert.ok(spent(100) < 2000, 'a message takes longer than 20 us');
    assert.equal(recorder.messages, 100_000);
  });
});
