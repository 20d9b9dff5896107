import assert from 'node:assert/strict';
import { image } from '../../support/ros_inputs.js';
import { cameraPolicy } from '../../support/ros_policies.js';
import { HOLD_MS } from '../../support/ros_scene.js';
import { scenario } from '../../support/ros_scenario.js';

/** 2.1 control periods at 20 Hz, after which a picture is too old, ms. */
const MAX_AGE_MS = 105;
/** Between two pictures, ms. */
const PERIOD_MS = 1000 / 30;

scenario('camera dies and comes back', cameraPolicy, {}, (scene) => {
  const tookMs: number[] = [];
  for (const round of ['once', 'and again', 'and once more']) {
    it(`holds, says why, and goes on by itself: ${round}`, async () => {
      const { peer } = scene();
      let now = 0;
      const afterMs = await scene().holdsAfter(async () => {
        ({ now } = await peer.unstream('/camera/image_raw'));
        return now - PERIOD_MS * 1e6;
      }, 'stale_input');
      tookMs.push(afterMs);
      assert.ok(afterMs < MAX_AGE_MS + PERIOD_MS + HOLD_MS, `${afterMs} ms from the last picture`);
      const { level } = await scene().says(/front/, 1);
      assert.ok(level >= 1);
      await scene().isSilent(500);
      const holds = (await scene().trajectories()).filter(({ at }) => at > now + 500e6);
      assert.equal(holds.length, 0, 'the hold is sent once');
      await peer.stream(image({ seed: 9 }), { hz: 30 });
      await scene().flows(3);
      await scene().isWell();
    });
  }

  it('holds within 100 ms of the fault, when the machine does not hold it up', () => {
    const leastMs = Math.min(...tookMs) - MAX_AGE_MS - PERIOD_MS;
    assert.ok(leastMs < 100, `${leastMs} ms`);
  });
});
