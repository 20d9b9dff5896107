import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readBag } from '../../../src/bag/read_bag.js';
import { nanoseconds, type ActionChunkMessage } from '../../../src/control/ros_messages.js';
import { CHUNK_TOPIC, TRAJECTORY_TOPIC } from '../../../src/replay/replay.js';
import { makeMcap } from '../../bag/make_bag.js';
import { runCli } from '../../cli/run_cli.js';
import { image, jointStates } from '../../support/ros_inputs.js';
import { writePlayable } from '../../support/playable_bag.js';
import { cameraPolicy, liftPolicy, type RunnablePolicy } from '../../support/ros_policies.js';
import { scenario } from '../../support/ros_scenario.js';
import { isHold, type Scene } from '../../support/ros_scene.js';
import { temporaryDirectory } from '../../support/temporary_directory.js';
import { asJson, ROOT } from '../ros_environment.js';

const SEED = 5;
const OPTIONS = {
  parameters: { use_sim_time: true, seed: SEED, asynchronous: false, join: 'replace' },
  running: false,
};
const directory = temporaryDirectory();

/** What `bac-policy replay` makes of a bag. */
async function replayed(
  { directory: policy, plan }: RunnablePolicy,
  bag: string,
): Promise<{ chunks: ActionChunkMessage[]; trajectories: unknown[] }> {
  const out = join(directory, 'replayed.mcap');
  const options = ['--plan', plan.path, '--seed', `${SEED}`, '--bag', bag, '-o', out];
  const { status, stderr } = runCli('replay', policy, ...options);
  assert.equal(status, 0, stderr);
  const chunks: ActionChunkMessage[] = [];
  const trajectories: unknown[] = [];
  for await (const { topic, message } of readBag(out, [CHUNK_TOPIC, TRAJECTORY_TOPIC])) {
    if (topic === CHUNK_TOPIC) chunks.push(message as ActionChunkMessage);
    else trajectories.push(asJson(message));
  }
  return { chunks, trajectories };
}

/** Plays a bag to the node and holds what it says beside the replay. @returns chunks compared */
async function compare(
  scene: Scene,
  runnable: RunnablePolicy,
  bag: string,
  topics: readonly string[],
): Promise<number> {
  const expected = await replayed(runnable, bag);
  const file = join(directory, 'playable');
  const sent = await writePlayable(bag, topics, file);
  await scene.goActive();
  assert.equal((await scene.peer.ask<{ sent: number }>('play', { file })).sent, sent);
  const all = async (): Promise<boolean> =>
    (await scene.peer.count(scene.chunk)) >= expected.chunks.length;
  await scene.peer.until('as many chunks', all, 2000).catch(() => undefined);
  await scene.isSilent(500);

  const chunks = (await scene.chunks()).map(({ message }) => message);
  const stamps = (list: ActionChunkMessage[]): bigint[] =>
    list.map(({ header }) => nanoseconds(header.stamp));
  assert.deepEqual(stamps(chunks), stamps(expected.chunks));
  for (const [i, { actions, ...rest }] of chunks.entries()) {
    const { actions: wanted, ...other } = asJson(expected.chunks[i]) as ActionChunkMessage;
    assert.deepEqual(rest.observation_stamps, other.observation_stamps, `chunk ${i}`);
    assert.deepEqual(
      [rest.plan_sha256, rest.policy_sha256, rest.n_actions, rest.action_dim, rest.rate_hz],
      [other.plan_sha256, other.policy_sha256, other.n_actions, other.action_dim, other.rate_hz],
    );
    assert.equal(actions.length, wanted.length);
    const worst = Math.max(...actions.map((value, j) => Math.abs(value - wanted[j]!)));
    assert.ok(worst < 1e-5, `chunk ${i}: ${worst}`);
  }
  const trajectories = (await scene.trajectories()).map(({ message }) => message);
  // What is not past when a chunk is published is met at the time that it is for, and before that the way there begins.
  for (const [i, { header, joint_names: names, points }] of trajectories
    .filter((one) => !isHold(one))
    .entries()) {
    const wanted = expected.trajectories[i] as (typeof trajectories)[number];
    assert.deepEqual([header, names], [wanted.header, wanted.joint_names]);
    assert.ok(points.length > 1);
    for (const [j, point] of points.slice(1).entries()) {
      const target = wanted.points[wanted.points.length - points.length + 1 + j]!;
      assert.deepEqual(point.time_from_start, target.time_from_start);
      for (const [a, value] of point.positions.entries()) {
        assert.ok(Math.abs(value - target.positions[a]!) < 1e-4, `${i} ${j} ${a}`);
      }
    }
  }
  return chunks.length;
}

scenario('bag over DDS equals replay: joint states and a pose', liftPolicy, OPTIONS, (scene) => {
  it('gives the chunks and trajectories of the replay', async () => {
    const topics = ['/joint_states', '/cube_pose'];
    const bag = join(ROOT, 'demo/lift_tiny/bag');
    assert.equal(await compare(scene(), await liftPolicy(), bag, topics), 13);
  });
});

scenario('bag over DDS equals replay: a camera', cameraPolicy, OPTIONS, (scene) => {
  it('gives the chunks and trajectories of the replay', async () => {
    const START = 1_700_000_000_000_000_000n;
    /** 2.2 s; the camera at 30 Hz, its pictures 8 ms late, the joints at 100 Hz, 1 ms late. */
    const entries = [
      ...Array.from({ length: 66 }, (_, i) => {
        const stampNs = START + BigInt(Math.round((i * 1e9) / 30));
        return [image({ seed: i, stampNs }), stampNs + 8_000_000n] as const;
      }),
      ...Array.from({ length: 220 }, (_, i) => {
        const stampNs = START + BigInt(i) * 10_000_000n;
        const positions = [Math.sin(i / 50), Math.cos(i / 40)];
        return [jointStates(positions, ['j1', 'j2'], stampNs), stampNs + 1_000_000n] as const;
      }),
    ].sort((a, b) => Number(a[1] - b[1]));
    const bag = join(directory, 'camera.mcap');
    writeFileSync(
      bag,
      await makeMcap(
        entries.map(([{ topic, type, message }, logTimeNs]) => ({
          ...{ topic, type, message, logTimeNs },
        })),
      ),
    );
    const topics = ['/camera/image_raw', '/joint_states'];
    assert.equal(await compare(scene(), await cameraPolicy(), bag, topics), 6);
  });
});
