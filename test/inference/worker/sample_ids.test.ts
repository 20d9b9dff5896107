import assert from 'node:assert/strict';
import type { ObservationValue } from '../../../src/control/observation_value.js';
import type { Observation, Stamped } from '../../../src/control/observation_window.js';
import { SampleIds } from '../../../src/inference/worker/sample_ids.js';

type Sample = Stamped<ObservationValue>;

/** Samples that are told apart by their stamps. */
function samples(...stamps: number[]): Sample[] {
  return stamps.map((stamp) => ({ stampNs: BigInt(stamp), value: Float64Array.of(stamp) }));
}

const observation = (...of: Sample[]): Observation<ObservationValue> => ({
  tickNs: 0n,
  samples: of,
});
const stamps = (sent: { samples: readonly { stampNs: bigint }[] }): number[] =>
  sent.samples.map(({ stampNs }) => Number(stampNs));

describe('SampleIds', () => {
  it('sends a sample once, however many windows it is in', () => {
    const ids = new SampleIds();
    const [a, b, c] = samples(1, 2, 3) as [Sample, Sample, Sample];
    const first = ids.window([observation(a), observation(a)]);
    assert.deepEqual(stamps(first), [1]);
    assert.deepEqual(first.window[0]!.ids, first.window[1]!.ids);
    const second = ids.window([observation(a), observation(b)]);
    assert.deepEqual(stamps(second), [2]);
    assert.deepEqual(second.window[0]!.ids, first.window[0]!.ids);
    assert.deepEqual(stamps(ids.prefetch(c)), [3]);
    assert.deepEqual(stamps(ids.window([observation(b), observation(c)])), []);
  });

  it('tells apart samples that are equal', () => {
    const ids = new SampleIds();
    const { window } = ids.window([observation(...samples(1, 1))]);
    assert.notEqual(window[0]!.ids[0], window[0]!.ids[1]);
  });

  it('has the thread forget what is in no window and not prefetched lately', () => {
    const ids = new SampleIds();
    const [a, b] = samples(1, 2) as [Sample, Sample];
    const first = ids.window([observation(a)]);
    assert.deepEqual(first.forget, []);
    assert.deepEqual(ids.window([observation(b)]).forget, first.window[0]!.ids);
    assert.deepEqual(stamps(ids.window([observation(a)])), [1], 'is sent again');

    let sent = 0;
    let forgotten = 0;
    for (let i = 0; i < 100; i++) {
      const update = ids.prefetch(samples(i)[0]!);
      sent += update.samples.length;
      forgotten += update.forget.length;
    }
    assert.ok(sent - forgotten <= 20, `${sent - forgotten} samples are kept`);
  });

  it('sends everything again to a thread that lost it', () => {
    const ids = new SampleIds();
    const [a] = samples(1) as [Sample];
    ids.window([observation(a)]);
    ids.clear();
    assert.deepEqual(stamps(ids.window([observation(a)])), [1]);
  });
});
