import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FAULT_STATUS } from '../../../src/control/fault_status.js';
import { liftPolicy, liftPolicyWith } from '../../support/ros_policies.js';
import { HOLD_MS, type Scene } from '../../support/ros_scene.js';
import { scenario } from '../../support/ros_scenario.js';
import { temporaryDirectory } from '../../support/temporary_directory.js';

/** A machine that is busy with other things for a moment must not end an episode. */
const parameters = { max_age_ms: 1000 };

/** The scenario's policy, but that its actions are further than numbers reach. */
async function endlessPolicy(): Promise<string> {
  return liftPolicyWith(({ normaliser }) => ({
    normaliser: { ...normaliser, scale: normaliser.scale.map(() => 1e-42) },
  }));
}

async function load(scene: Scene, request: Record<string, string>): Promise<void> {
  const { success, message } = await scene.load(request);
  assert.ok(success, message);
}

async function nowOf(scene: Scene): Promise<number> {
  return (await scene.peer.ask<{ now: number }>('clocks')).now;
}

const endThreads = join(temporaryDirectory(), 'end_threads');
const variables = {
  NODE_OPTIONS: `--import=${new URL('../../support/end_threads.js', import.meta.url).href}`,
  BAC_POLICY_END_THREADS: endThreads,
};

scenario('faults are told by their status', liftPolicy, { parameters, variables }, (scene) => {
  it('worker_lost: the robot is held, another thread loads the policy, and it goes on', async () => {
    const afterMs = await scene().holdsAfter(async () => {
      writeFileSync(endThreads, '');
      return nowOf(scene());
    }, 'worker_lost');
    assert.ok(afterMs < HOLD_MS, `${afterMs} ms`);
    assert.ok(!existsSync(endThreads), 'the thread ended');
    await scene().flows(3);
    await scene().isWell();
  });

  it('reset: the robot is held and goes on with a new history', async () => {
    await scene().holdsAfter(async () => {
      const began = await nowOf(scene());
      await scene().peer.call(scene().node.own('reset_history'), 'std_srvs/srv/Trigger');
      return began;
    }, 'reset');
    await scene().flows(2);
    await scene().isWell();
  });

  it('invalid_chunk: the robot is held until another policy is there', async () => {
    const { directory, plan } = await liftPolicy();
    const endless = await endlessPolicy();
    await scene().holdsAfter(async () => {
      const began = await nowOf(scene());
      await load(scene(), { policy: endless, preset: 'dense' });
      return began;
    }, 'invalid_chunk');
    await scene().says(/Infinity/, 2);
    await load(scene(), { policy: directory, plan: plan.path });
    await scene().flows(2);
    await scene().isWell();
  });
});

/** Eight actions last 20 ms: enough for the plan, but not for the dense policy. */
const FAST = { parameters: { ...parameters, rate_hz: 400 } };

scenario('inference that is too slow is told', liftPolicy, FAST, (scene) => {
  it('overrun: the robot is held at the end of its motion until chunks come in time', async () => {
    const { plan } = await liftPolicy();
    const start = (await scene().faults()).length;
    await load(scene(), { preset: 'dense' });
    await scene().says(/"status":"overrun"/, 1);
    const told = (await scene().faults()).slice(start).map(({ message }) => message.status);
    assert.ok(told.includes(FAULT_STATUS.overrun), 'also on ~/action_chunk');
    await load(scene(), { plan: plan.path });
    await scene().flows(3);
  });
});

const SIMULATED = { parameters: { use_sim_time: true }, running: false };

scenario('a simulation without a clock is told', liftPolicy, SIMULATED, (scene) => {
  it('no_clock: the node waits and says for what', async () => {
    await scene().goActive();
    await scene().feed();
    await scene().says(/"status":"no_clock"/, 1);
    await scene().isSilent(300);
    await scene().peer.ask('clock', { start: 1000e9 });
    await scene().flows(2);
  });
});
