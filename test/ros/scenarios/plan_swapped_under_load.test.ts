import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nanoseconds, type ActionChunkMessage } from '../../../src/control/ros_messages.js';
import { image, jointStates } from '../../support/ros_inputs.js';
import { setParameter } from '../../support/ros_parameters.js';
import { cameraPolicy, liftPolicy, liftPolicyWith } from '../../support/ros_policies.js';
import { isHold, type Scene } from '../../support/ros_scene.js';
import { scenario } from '../../support/ros_scenario.js';
import { temporaryDirectory } from '../../support/temporary_directory.js';

/** Between two chunks: 8 control ticks at 20 Hz, ns. */
const CHUNK_NS = 400_000_000;

/** Chunks from one on, after checking that none was missed and the robot was never held. */
async function withoutAGap(scene: Scene, start: number): Promise<ActionChunkMessage[]> {
  const chunks = (await scene.chunks(start)).map(({ message }) => message);
  for (const [i, { header, chunk_id: id }] of chunks.entries()) {
    if (i === 0) continue;
    const apart = nanoseconds(header.stamp) - nanoseconds(chunks[i - 1]!.header.stamp);
    assert.ok(Math.abs(Number(apart) - CHUNK_NS) < 1000, `${apart} ns before chunk ${id}`);
    assert.equal(Number(id), Number(chunks[i - 1]!.chunk_id) + 1);
  }
  const since = (await scene.chunks(start))[0]!.at;
  const sent = (await scene.trajectories()).filter(({ at }) => at > since);
  assert.ok(!sent.some(({ message }) => isHold(message)), 'no hold');
  return chunks;
}

/** The package of the scenario's policy, but that its actions move other joints. */
async function movingOthers(change: (names: readonly string[]) => string[]): Promise<string> {
  return liftPolicyWith(({ joint_names: names }) => ({ joint_names: change(names!) }));
}

/** A machine that is busy with other things for a moment must not end an episode; ticks of chunks are foreseen. */
const PATIENT = { parameters: { max_age_ms: 1000, asynchronous: false } };

scenario('plan swapped under load', liftPolicy, PATIENT, (scene) => {
  it('takes over between two chunks, none of which is missed', async () => {
    const { plan, otherPlan, policy } = await liftPolicy();
    const start = await scene().peer.count(scene().chunk);
    await scene().flows(2);
    const loaded = await scene().load({ plan: otherPlan.path });
    assert.ok(loaded.success, loaded.message);
    assert.deepEqual([loaded.policy_sha256, loaded.plan_sha256], [policy.sha256, otherPlan.sha256]);
    assert.ok(loaded.latency_ms > 0 && loaded.latency_ms < 400);
    await scene().flows(3);
    const plans = (await withoutAGap(scene(), start)).map((chunk) => chunk.plan_sha256);
    const swap = plans.indexOf(otherPlan.sha256);
    assert.ok(swap >= 2);
    assert.ok(plans.every((sha256, i) => sha256 === (i < swap ? plan : otherPlan).sha256));
    const told = await scene().peer.take<{ data: string }>(scene().node.own('active_plan'));
    assert.ok(told.at(-1)!.message.data.includes(otherPlan.sha256), 'the latched plan');
  });

  it('takes a preset in place of a plan', async () => {
    const start = await scene().peer.count(scene().chunk);
    const loaded = await scene().load({ preset: 'fast' });
    assert.ok(loaded.success, loaded.message);
    await scene().flows(3);
    const chunks = await withoutAGap(scene(), start);
    assert.equal(chunks.at(-1)!.plan_sha256, loaded.plan_sha256);
  });

  it('refuses what cannot be loaded and goes on as before', async () => {
    const { plan: foreign } = await cameraPolicy();
    const broken = join(temporaryDirectory(), 'broken.json');
    writeFileSync(broken, '{"format": "bac_policy/plan@1"');
    const start = await scene().peer.count(scene().chunk);
    const [{ message: before } = assert.fail()] = await scene().flows(1);
    for (const [request, why] of [
      [{ plan: '/no/such/plan.json' }, /no\/such\/plan.json/],
      [{ plan: broken }, /broken.json/],
      [{ plan: foreign.path }, /polic/],
      [{ policy: '/no/such/policy' }, /no\/such\/policy/],
      [{ preset: 'fastest' }, /fastest/],
      [{ policy: await movingOthers(([a, , ...rest]) => [a!, a!, ...rest]) }, /twice/],
    ] as const) {
      const { success, message } = await scene().load(request);
      assert.ok(!success, JSON.stringify(request));
      assert.match(message, why);
    }
    await scene().flows(2);
    const chunks = await withoutAGap(scene(), start);
    assert.equal(chunks.at(-1)!.plan_sha256, before.plan_sha256);
    await scene().isWell();
  });

  it('refuses a policy for whose joints the limits are not', async () => {
    const { peer, node } = scene();
    const policy = await movingOthers(([a, b, ...rest]) => [b!, a!, ...rest]);
    const limit = ['double_array', Array<number>(8).fill(50)] as const;
    await setParameter(peer, node, 'limits.velocity', [...limit]);
    const { success, message } = await scene().load({ policy });
    assert.ok(!success);
    assert.match(message, /limits.*panda_joint2, panda_joint1/);
    await setParameter(peer, node, 'limits.velocity', ['double_array', []]);
    await scene().isWell();
  });

  it('answers each of several requests at once', async () => {
    const { plan, otherPlan } = await liftPolicy();
    const start = await scene().peer.count(scene().chunk);
    await scene().flows(1);
    const answers = await Promise.all(
      [plan, otherPlan, plan].map(async ({ path }) => scene().load({ plan: path })),
    );
    assert.ok(answers.some(({ success }) => success));
    for (const { success, message } of answers) assert.ok(success || message.length > 0);
    await scene().flows(2);
    await withoutAGap(scene(), start);
  });

  it('takes a policy that looks at something else, and waits until it sees that', async () => {
    const camera = await cameraPolicy();
    scene().expect(camera);
    const loaded = await scene().load({ policy: camera.directory, plan: camera.plan.path });
    assert.ok(loaded.success, loaded.message);
    assert.equal(loaded.policy_sha256, camera.policy.sha256);
    await scene().says(/front|arm/);
    await scene().peer.stream(image(), { hz: 30 });
    await scene().peer.stream(jointStates([0.1, -0.2], ['j1', 'j2']), { hz: 50 });
    const [{ message } = assert.fail()] = await scene().flows(1);
    assert.equal(message.policy_sha256, camera.policy.sha256);
    await scene().isWell();
  });
});
