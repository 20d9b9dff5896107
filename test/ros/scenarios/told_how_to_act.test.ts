import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { nanoseconds, type JointTrajectory } from '../../../src/control/ros_messages.js';
import { setParameter } from '../../support/ros_parameters.js';
import { liftPolicy } from '../../support/ros_policies.js';
import { scenario } from '../../support/ros_scenario.js';

/** A machine that is busy with other things for a moment must not end an episode. */
const PATIENT = { parameters: { max_age_ms: 1000 } };

scenario('told how to act', liftPolicy, PATIENT, (scene) => {
  it('in shadow computes and reports but moves nothing', async () => {
    const { peer, node } = scene();
    await setParameter(peer, node, 'shadow', ['bool', true]);
    const sent = async (): Promise<number> => peer.count(scene().trajectory);
    await sleep(200);
    const before = await sent();
    await scene().flows(3);
    assert.equal(await sent(), before);
    await setParameter(peer, node, 'shadow', ['bool', false]);
    await scene().flows(2);
    assert.ok((await sent()) > before);
  });

  for (const policy of ['publish', 'zero', 'tick'] as const) {
    it(`stamps trajectories: ${policy}`, async () => {
      const { peer, node } = scene();
      await setParameter(peer, node, 'trajectory_stamp', ['string', policy]);
      await scene().flows(1);
      const [{ message } = assert.fail()] = await peer.next<JointTrajectory>(scene().trajectory);
      await scene().flows(1);
      const stamp = nanoseconds(message.header.stamp);
      const ticks = (await scene().chunks()).map((chunk) =>
        nanoseconds(chunk.message.header.stamp),
      );
      if (policy === 'zero') assert.equal(stamp, 0n);
      if (policy === 'tick') assert.ok(ticks.includes(stamp));
      if (policy === 'publish') {
        assert.ok(ticks.some((tick) => stamp > tick && stamp < tick + 100_000_000n));
      }
    });
  }

  it('forgets its history when it is reset', async () => {
    const { peer, node } = scene();
    const [before] = await scene().flows(1);
    const start = await peer.count(scene().chunk);
    const { success } = await peer.call<{ success: boolean }>(
      node.own('reset_history'),
      'std_srvs/srv/Trigger',
    );
    assert.ok(success);
    await scene().flows(1);
    // The first chunk of the new history may be there before the service has answered.
    const seen = (await scene().chunks(start)).map(({ message }) =>
      message.observation_stamps.map(nanoseconds),
    );
    const first = seen.find((stamps) => stamps[0] === stamps[1]);
    assert.ok(first, 'the first observation stands in for the one before');
    assert.ok(first[0]! > nanoseconds(before!.message.header.stamp));
  });

  it('tells what it runs to those who come later', async () => {
    const { policy, plan } = await liftPolicy();
    const [card] = await scene().peer.take<{ data: string }>(scene().node.own('policy_card'));
    const [active] = await scene().peer.take<{ data: string }>(scene().node.own('active_plan'));
    assert.ok(JSON.stringify(JSON.parse(card!.message.data)).includes(policy.sha256));
    assert.ok(JSON.stringify(JSON.parse(active!.message.data)).includes(plan.sha256));
  });

  it('reports once a second', async () => {
    const start = await scene().peer.count('/diagnostics');
    await sleep(3000);
    const came = (await scene().peer.count('/diagnostics')) - start;
    assert.ok(came >= 2 && came <= 4, `${came}`);
  });
});

const AUTOSTART = { parameters: { autostart: true }, running: false };
scenario('told to start by itself', liftPolicy, AUTOSTART, (scene) => {
  it('configures and activates itself', async () => {
    await scene().node.reaches('active');
    await scene().feed();
    await scene().flows(2);
  });
});
