import assert from 'node:assert/strict';
import { cubePose } from '../../support/ros_inputs.js';
import { liftPolicy } from '../../support/ros_policies.js';
import { HOLD_MS } from '../../support/ros_scene.js';
import { scenario } from '../../support/ros_scenario.js';

scenario('a source is missing from the start', liftPolicy, { running: false }, (scene) => {
  it('waits, says for what, and begins when it comes', async () => {
    await scene().goActive();
    await scene().feed('/cube_pose');
    await scene().says(/cube/);
    await scene().isSilent(500);
    assert.equal((await scene().trajectories()).length, 0, 'there is nothing to hold');
    await scene().peer.stream(cubePose(), { hz: 20 });
    await scene().flows(2);
    await scene().isWell();
  });

  it('holds when all sources stop together', async () => {
    const stop = async (): Promise<number> => (await scene().peer.unstream()).now;
    assert.ok((await scene().holdsAfter(stop, 'stale_input')) < 105 + HOLD_MS);
    await scene().says(/cube|joint_positions/);
    await scene().feed();
    await scene().flows(2);
  });

  it('holds when it is deactivated in the middle of a motion', async () => {
    const afterMs = await scene().holdsAfter(async () => {
      const { now } = await scene().peer.ask<{ now: number }>('clocks');
      await scene().node.change('deactivate', 'inactive');
      return now;
    });
    assert.ok(afterMs < HOLD_MS, `${afterMs} ms`);
    await scene().isSilent(500);
    await scene().node.change('activate', 'active');
    const [{ message } = assert.fail()] = await scene().flows(1);
    assert.equal(Number(message.chunk_id) < 2, true, 'chunks count from 0 again');
  });
});
