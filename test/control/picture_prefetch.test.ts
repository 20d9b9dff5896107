import assert from 'node:assert/strict';
import { ArrivalModel } from '../../src/control/arrival_model.js';
import type { ObservationLayout } from '../../src/control/observation_layout.js';
import { PicturePrefetch } from '../../src/control/picture_prefetch.js';
import { MS, windowOf } from './window_events.js';

/** To, observations in a window. */
const OBS_STEPS = 2;

describe('PicturePrefetch', () => {
  /** Goes through a second in which the arm sends at 100 Hz and the camera at a rate, and tells what happened. */
  const second = (
    cameraMs: number,
  ): { early: number[]; used: number[]; late: number[]; pictures: number } => {
    const window = windowOf();
    const arrivals = new ArrivalModel(2);
    const early: number[] = [];
    const begun = new Set<number>();
    let pictures = 0;
    const layout = {
      sources: [{ type: 'sensor_msgs/msg/JointState' }, { type: 'sensor_msgs/msg/Image' }],
    } as unknown as ObservationLayout;
    let atMs = 0;
    const prefetch = new PicturePrefetch(window, arrivals, layout, (source, { stampNs }) => {
      assert.equal(source, 1);
      if (begun.has(Number(stampNs / MS))) return;
      begun.add(Number(stampNs / MS));
      early.push(atMs - Number(stampNs / MS));
    });
    const used: number[] = [];
    const late: number[] = [];
    for (; atMs <= 1000; atMs++) {
      for (const [source, period] of [10, cameraMs].entries()) {
        if (Math.floor(atMs / period) === Math.floor((atMs - 1) / period)) continue;
        if (source === 1) pictures++;
        const stampNs = BigInt(atMs) * MS;
        arrivals.arrived(source, stampNs, stampNs);
        window.push(source, stampNs, `${source}`);
        prefetch.arrived(source, OBS_STEPS);
      }
      for (const event of window.advance(BigInt(atMs) * MS)) {
        if (event.kind !== 'observation') continue;
        const { samples } = event.window.at(-1)!;
        if (!event.due) {
          prefetch.observed(samples, event.dueInTicks, OBS_STEPS);
          continue;
        }
        for (const observation of event.window) {
          const picture = Number(observation.samples[1]!.stampNs / MS);
          used.push(picture);
          if (!begun.has(picture) && event.tickNs > 0n) late.push(picture);
        }
      }
    }
    return { early, used, late, pictures };
  };

  it('begins with the pictures of a window when they come, where they come less often than ticks', () => {
    const { early, late } = second(70);
    assert.deepEqual(late, []);
    assert.ok(early.filter((ms) => ms === 0).length >= 4, early.join());
  });

  it('does not work on pictures that nobody will look at', () => {
    // A camera of 100 Hz sends five pictures from tick to tick; the last alone is looked at.
    const { early, used, pictures } = second(10);
    assert.ok(early.length <= new Set(used).size + 2, `${early.length} of ${pictures} pictures`);
  });

  it('has both pictures of nearly every window begun before the chunk is due, at 30 Hz', () => {
    const { late, used } = second(33);
    assert.ok(late.length <= used.length / 4, `${late.length} of ${used.length}`);
  });
});
