import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from '@foxglove/rosmsg';
import { bagSummary } from '../../src/bag/bag_summary.js';
import type { BagWriter } from '../../src/bag/bag_writer.js';
import { messageDefinitionText } from '../../src/bag/message_definitions.js';
import { readBag } from '../../src/bag/read_bag.js';
import { writeBag } from '../../src/bag/write_bag.js';
import { BadInput } from '../../src/errors.js';
import { header } from './make_bag.js';
import { temporaryDirectory } from './temporary_directory.js';

const TRAJECTORY = {
  header: header(7_000_000_001n),
  joint_names: ['j1', 'joint_2'],
  points: [
    {
      positions: Float64Array.of(0.1, -2.5),
      velocities: Float64Array.of(1e-9, 3),
      accelerations: new Float64Array(0),
      effort: new Float64Array(0),
      time_from_start: { sec: 0, nanosec: 50_000_000 },
    },
  ],
};
const CHUNK = {
  header: header(7_000_000_001n),
  chunk_id: 12345678901234567n,
  observation_stamps: [
    { sec: 6, nanosec: 950_000_001 },
    { sec: 7, nanosec: 1 },
  ],
  policy_sha256: 'ab'.repeat(32),
  plan_sha256: '',
  inference_latency: { sec: 0, nanosec: 12_345_678 },
  rate_hz: 20,
  n_actions: 1,
  action_dim: 2,
  actions: Float64Array.of(0.1, -2.5),
  status: 3,
};

async function fill(bag: BagWriter): Promise<void> {
  await bag.addTopic('/policy/joint_trajectory', 'trajectory_msgs/msg/JointTrajectory');
  await bag.addTopic('/policy/action_chunk', 'bac_policy/msg/ActionChunk');
  await bag.write('/policy/joint_trajectory', TRAJECTORY, 7_000_000_001n);
  await bag.write('/policy/action_chunk', CHUNK, 7_000_000_002n);
}

describe('writeBag', () => {
  const directory = temporaryDirectory();

  for (const name of ['bag', 'bag.mcap']) {
    it(`writes ${name} so that it reads back equal`, async () => {
      await writeBag(directory.at(name), fill);
      const messages = [];
      const topics = ['/policy/joint_trajectory', '/policy/action_chunk'];
      for await (const message of readBag(directory.at(name), topics)) messages.push(message);
      assert.deepEqual(
        messages.map(({ message }) => message),
        [TRAJECTORY, CHUNK],
      );
      const { startNs, endNs } = await bagSummary(directory.at(name));
      assert.deepEqual([startNs, endNs], [7_000_000_001n, 7_000_000_002n]);
    });

    it(`leaves nothing of ${name} when writing fails`, async () => {
      const failing = async (bag: BagWriter): Promise<void> => {
        await fill(bag);
        throw new Error('no disk');
      };
      await assert.rejects(writeBag(directory.at(name), failing), /no disk/);
      assert.deepEqual(readdirSync(directory.path), []);
    });

    it(`replaces ${name} when it wrote it, and nothing else`, async () => {
      await writeBag(directory.at(name), fill);
      await writeBag(directory.at(name), fill);
      const foreign = directory.at(name === 'bag' ? 'bag/metadata.yaml' : 'bag.mcap');
      writeFileSync(foreign, 'someone else');
      await assert.rejects(writeBag(directory.at(name), fill), BadInput);
      assert.equal(readFileSync(foreign, 'utf8'), 'someone else');
    });
  }

  it('writes further files beside the messages', async () => {
    const extras = (): Record<string, string> => ({ 'statistics.json': '{}' });
    await writeBag(directory.at('bag'), fill, extras);
    await writeBag(directory.at('bag.mcap'), fill, extras);
    assert.ok(existsSync(directory.at('bag/statistics.json')));
    assert.ok(existsSync(directory.at('bag.mcap.statistics.json')));
  });

  it('defines ActionChunk as msg/ActionChunk.msg does', () => {
    const path = fileURLToPath(new URL('../../../msg/ActionChunk.msg', import.meta.url));
    const [fromFile] = parse(readFileSync(path, 'utf8'), { ros2: true, skipTypeFixup: true });
    const text = messageDefinitionText('bac_policy/msg/ActionChunk');
    const [ours] = parse(text, { ros2: true, skipTypeFixup: true });
    assert.deepEqual(ours!.definitions, fromFile!.definitions);
  });

  it('writes what PyPI rosbags reads, all values equal', async function () {
    const python = process.env['BAC_POLICY_PYTHON'] ?? '.venv/bin/python';
    if (spawnSync(python, ['-c', 'import rosbags']).status !== 0) {
      process.stdout.write(`      skipped: ${python} has no rosbags; set BAC_POLICY_PYTHON\n`);
      this.skip();
    }
    this.timeout(30_000);
    await writeBag(directory.at('bag'), fill, () => ({}), { plan: 'none' });
    await writeBag(directory.at('bag.mcap'), fill);
    const script = fileURLToPath(
      new URL('../../../test/bag/read_with_rosbags.py', import.meta.url),
    );
    for (const path of [directory.at('bag'), directory.at('bag.mcap')]) {
      const run = spawnSync(python, [script, path], { encoding: 'utf8' });
      assert.equal(run.status, 0, run.stderr);
      assert.deepEqual(
        JSON.parse(run.stdout),
        [TRAJECTORY, CHUNK].map((message) => JSON.parse(JSON.stringify(message, plain)) as unknown),
      );
    }
  });
});

/** Messages as JSON holds them. */
function plain(_: string, value: unknown): unknown {
  if (value instanceof Float64Array) return [...value];
  return typeof value === 'bigint' ? Number(value) : value;
}
