import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readBag } from '../../../src/bag/read_bag.js';
import { runCli } from '../../cli/run_cli.js';
import { cameraPolicy, type RunnablePolicy } from '../../support/ros_policies.js';
import { scenario } from '../../support/ros_scenario.js';
import type { Scene } from '../../support/ros_scene.js';
import { temporaryDirectory } from '../../support/temporary_directory.js';

const TOPICS = ['/camera/image_raw', '/joint_states'];
/**
 * An age of observations that the pauses of a busy machine stay within. By default one beyond 105 ms ends an
 * episode, in the node as in replay.
 */
const PATIENT = ['--max-age', '10000'];
const parameters = { record_seconds: 3 };
/** Messages of some 240 that such pauses may cost: five pictures wait for a node that stands still. */
const MOST_LOST = 40;

interface Saved {
  readonly success: boolean;
  readonly message: string;
  readonly messages: number;
  readonly seconds: number;
}

async function save(scene: Scene, path: string, seconds = 0): Promise<Saved> {
  const request = { path, seconds };
  return scene.peer.call(scene.node.own('save_inputs'), 'bac_policy/srv/SaveInputs', request);
}

/** Header stamps of a topic's messages in a bag, ns. */
async function stampsIn(bag: string, topic: string): Promise<bigint[]> {
  const stamps: bigint[] = [];
  for await (const { message } of readBag(bag, [topic])) {
    const { header } = message as { header: { stamp: { sec: number; nanosec: number } } };
    stamps.push(BigInt(header.stamp.sec) * 1_000_000_000n + BigInt(header.stamp.nanosec));
  }
  return stamps;
}

scenario('inputs are saved', cameraPolicy, { parameters }, (scene) => {
  const directory = temporaryDirectory();
  let runnable: RunnablePolicy;
  before(async () => {
    runnable = await cameraPolicy();
    await scene().flows(10);
  });

  /** @returns the statistics of replaying a bag */
  function replay(bag: string, ...options: string[]): { chunks: number; episodes: number } {
    const out = join(temporaryDirectory(), 'replayed');
    const { status, stderr } = runCli(
      ...['replay', runnable.directory, '--plan', runnable.plan.path, '--bag', bag, '-o', out],
      ...options,
    );
    assert.equal(status, 0, stderr);
    return JSON.parse(readFileSync(join(out, 'statistics.json'), 'utf8')) as ReturnType<
      typeof replay
    >;
  }

  it('as a bag that replay reads, while chunks go on', async () => {
    const path = join(directory, 'inputs');
    const start = await scene().peer.count(scene().chunk);
    const saved = await save(scene(), path);
    assert.ok(saved.success, saved.message);
    assert.ok(saved.seconds <= parameters.record_seconds, `${saved.seconds} s`);
    assert.ok(existsSync(join(path, 'metadata.yaml')));
    await scene().flows(2);
    assert.ok((await scene().peer.count(scene().chunk)) >= start + 2);

    // All that the robot sent in that time; where the machine pauses, so does the robot.
    const sent: bigint[] = [];
    for (const topic of TOPICS) sent.push(...(await scene().peer.stamps(topic)));
    const stamps = await Promise.all(TOPICS.map(async (topic) => stampsIn(path, topic)));
    const found = new Set(stamps.flat().filter((stamp) => sent.includes(stamp)));
    assert.equal(stamps.flat().length, saved.messages);
    assert.equal(found.size, saved.messages, 'each once, and nothing else');
    const last = [...found].reduce((newest, stamp) => (stamp > newest ? stamp : newest));
    const first = last - BigInt(parameters.record_seconds * 1e9);
    const lost = sent.filter(
      (stamp) => stamp >= first && stamp <= last && !found.has(stamp),
    ).length;
    assert.ok(lost < MOST_LOST, `${lost} messages lost`);

    const { chunks, episodes } = replay(path, ...PATIENT);
    assert.ok(chunks >= 3 && chunks <= 9, `${chunks} chunks`);
    assert.equal(episodes, 1);
    const again = runCli(
      ...['calibrate', runnable.directory, '--bag', path],
      ...['--trajectories', '8', '-o', join(directory, 'c')],
    );
    assert.equal(again.status, 0, again.stderr);
  });

  it('with a pause of the robot, which ends an episode unless older observations are allowed', async () => {
    await scene().peer.unstream();
    await sleep(300);
    await scene().feed();
    await sleep(1000);
    const path = join(directory, 'pause');
    const saved = await save(scene(), path);
    assert.ok(saved.success, saved.message);
    assert.ok(replay(path).episodes >= 2);
    assert.equal(replay(path, ...PATIENT).episodes, 1);
  });

  it('only the last seconds that were asked for', async () => {
    const saved = await save(scene(), join(directory, 'last.mcap'), 1);
    assert.ok(saved.success, saved.message);
    assert.ok(saved.seconds > 0.3 && saved.seconds <= 1, `${saved.seconds} s`);
  });

  it('not on a disk that is full, and the robot goes on', async () => {
    const path = join(temporaryDirectory(), 'full');
    // No file of this process may be longer: a write fails in the middle of a bag, as when no room is left.
    const limit = (bytes: number | 'unlimited'): void => {
      const { pid } = scene().node.process.child;
      execFileSync('prlimit', ['--pid', `${pid!}`, `--fsize=${bytes}:`]);
    };
    const { message: before } = (await scene().flows(1)).at(-1)!;
    limit(200_000);
    try {
      const { success, message } = await save(scene(), path);
      assert.ok(!success);
      assert.match(message, /full: cannot be written: .*; choose a path .* on a disk with room/);
      assert.deepEqual(readdirSync(dirname(path)), [], 'nothing is left of it');
      await scene().flows(2);
      await scene().isWell();
    } finally {
      limit('unlimited');
    }
    const saved = await save(scene(), path);
    assert.ok(saved.success, saved.message);
    const { message: after } = (await scene().flows(1)).at(-1)!;
    assert.ok(after.chunk_id > before.chunk_id);
  });

  it('nowhere where something else is', async () => {
    for (const [path, why] of [
      [runnable.directory, /exists|holds|else/],
      ['', /path/],
      ['/proc/nowhere/bag', /nowhere/],
    ] as const) {
      const { success, message } = await save(scene(), path);
      assert.ok(!success, path);
      assert.match(message, why);
    }
    await scene().flows(2);
  });
});
