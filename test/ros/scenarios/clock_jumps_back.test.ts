import assert from 'node:assert/strict';
import { nanoseconds } from '../../../src/control/ros_messages.js';
import { liftPolicy } from '../../support/ros_policies.js';
import { HOLD_MS } from '../../support/ros_scene.js';
import { scenario } from '../../support/ros_scenario.js';

const START_S = 1000;
const OPTIONS = { parameters: { use_sim_time: true }, running: false };

scenario('clock jumps back', liftPolicy, OPTIONS, (scene) => {
  it('acts by simulated time', async () => {
    await scene().goActive();
    await scene().peer.ask('clock', { start: START_S * 1e9 });
    await scene().feed();
    const chunks = await scene().flows(3);
    const stamp = Number(nanoseconds(chunks.at(-1)!.message.header.stamp)) / 1e9;
    assert.ok(stamp > START_S && stamp < START_S + 60, `${stamp} s`);
  });

  it('holds and begins anew when the simulation starts again', async () => {
    const afterMs = await scene().holdsAfter(async () => {
      const { now } = await scene().peer.ask<{ now: number }>('clocks');
      await scene().peer.ask('clock', { start: START_S * 1e9 });
      return now;
    }, 'clock_jump');
    assert.ok(afterMs < HOLD_MS, `${afterMs} ms`);
    const chunks = await scene().flows(3);
    const stamps = chunks.map(({ message }) => Number(nanoseconds(message.header.stamp)) / 1e9);
    assert.ok(
      stamps.every((stamp) => stamp >= START_S && stamp < START_S + 20),
      stamps.join(', '),
    );
    await scene().isWell();
  });

  it('goes on when time runs twice as fast', async () => {
    await scene().peer.ask('clock', { start: (START_S + 100) * 1e9, rate: 2 });
    await scene().flows(6);
  });

  it('stays silent while the clock stands', async () => {
    await scene().peer.ask('clock', { start: (START_S + 200) * 1e9, rate: 0 });
    await new Promise((resolve) => setTimeout(resolve, 500));
    await scene().isSilent(500);
    await scene().peer.ask('clock', { start: (START_S + 201) * 1e9 });
    await scene().flows(2);
  });
});
