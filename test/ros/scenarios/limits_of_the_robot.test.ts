import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { FAULT_STATUS } from '../../../src/control/fault_status.js';
import type { JointTrajectory } from '../../../src/control/ros_messages.js';
import { PANDA_JOINTS, robotDescription } from '../../support/ros_inputs.js';
import { setParameter } from '../../support/ros_parameters.js';
import { liftPolicy } from '../../support/ros_policies.js';
import { scenario } from '../../support/ros_scenario.js';

/** A machine that is busy with other things for a moment must not end an episode. */
const PATIENT = { max_age_ms: 1000 };
/** rad/s, below what the policy wants. */
const SLOW = 2;
const limited = (limit: string): Record<string, string> =>
  Object.fromEntries(PANDA_JOINTS.map((name) => [name, limit]));

const highestSpeed = ({ points }: JointTrajectory): number =>
  Math.max(...points.flatMap(({ velocities }) => velocities.map(Math.abs)));

scenario('limits of the robot', liftPolicy, { parameters: PATIENT }, (scene) => {
  it('come from its description, and the motion is slowed down to keep them', async () => {
    const { peer } = scene();
    const before = await scene().says(/"joints_limited_by_robot_description":"0"/, 0);
    assert.match(before.name, /control loop/);
    await peer.publish(robotDescription(limited(`effort="9" velocity="${SLOW}"`)), {
      latched: true,
    });
    await scene().says(/"joints_limited_by_robot_description":"8"/, 0);
    await sleep(1000);
    await scene().flows(3);
    const start = await peer.count(scene().trajectory);
    await scene().flows(3);
    for (const { message } of await scene().trajectories(start)) {
      assert.ok(highestSpeed(message) <= SLOW * 1.001, `${highestSpeed(message)} rad/s`);
    }
    await scene().says(/"chunks_slowed_to_limits":"[1-9]/, 0);
  });

  it('of a description that cannot be read are those of the one before', async () => {
    const { peer } = scene();
    await peer.publish(robotDescription(limited('velocity="fast"')), { latched: true });
    await sleep(300);
    const start = await peer.count(scene().trajectory);
    await scene().flows(2);
    for (const { message } of await scene().trajectories(start)) {
      assert.ok(highestSpeed(message) <= SLOW * 1.001);
    }
    assert.match(scene().node.process.output, /limit of velocity 'fast'/);
  });

  it('count no more when they are told not to', async () => {
    const { peer, node } = scene();
    await setParameter(peer, node, 'limits.robot_description', ['bool', false]);
    await scene().flows(2);
    const [{ message } = assert.fail()] = await peer.next<JointTrajectory>(scene().trajectory);
    assert.ok(highestSpeed(message) > SLOW);
  });

  it('that are left chunk after chunk hold the robot until it is told that it may go on', async () => {
    const { peer, node } = scene();
    const start = await peer.count(scene().chunk);
    await setParameter(peer, node, 'limit_storm_chunks', ['integer', 3]);
    const here = Array<number>(8).fill(-9);
    await setParameter(peer, node, 'limits.position_max', ['double_array', here]);
    const { message } = await scene().says(/limit_storm/, 2);
    assert.match(message, /3 chunks in a row.*it goes on after ~\/recover/);
    assert.equal((await scene().faults(start)).at(-1)!.message.status, FAULT_STATUS.limit_storm);
    await setParameter(peer, node, 'limits.position_max', ['double_array', []]);
    await scene().isSilent(1500);
    const trigger = 'std_srvs/srv/Trigger';
    const recover = async (): Promise<{ success: boolean; message: string }> =>
      peer.call(node.own('recover'), trigger);
    assert.deepEqual(await recover(), { success: true, message: 'the robot may go on' });
    await scene().flows(3);
    await scene().isWell();
    assert.match((await recover()).message, /nothing was done/);
  });
});

scenario('positions for a position controller', liftPolicy, { parameters: PATIENT }, (scene) => {
  it('are those of the trajectories, as often as asked for, also while it brakes', async () => {
    const { peer, node } = scene();
    const topic = node.own('position_commands');
    await peer.collect(topic, 'std_msgs/msg/Float64MultiArray');
    await sleep(300);
    assert.equal(await peer.count(topic), 0, 'none by default');
    await setParameter(peer, node, 'position_rate_hz', ['double', 100]);
    await scene().flows(1);
    const start = await peer.count(topic);
    const began = performance.now();
    await scene().flows(2);
    const seconds = (performance.now() - began) / 1000;
    const positions = (await peer.take<{ data: number[] }>(topic, start)).map(
      ({ message }) => message.data,
    );
    assert.ok(positions.length > 40 * seconds && positions.length < 130 * seconds);
    for (const [i, now] of positions.entries()) {
      assert.equal(now.length, PANDA_JOINTS.length);
      const before = positions[i - 1];
      // At most 2 rad/s, and a machine that stands still for a moment.
      if (before) now.forEach((p, joint) => assert.ok(Math.abs(p - before[joint]!) < 0.3));
    }
    await node.change('deactivate', 'inactive');
    await sleep(600);
    const after = await peer.count(topic);
    await sleep(300);
    assert.equal(await peer.count(topic), after, 'a robot that stands is told no more');
  });
});
