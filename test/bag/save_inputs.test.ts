import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bagSummary } from '../../src/bag/bag_summary.js';
import { InputRecorder } from '../../src/bag/input_recorder.js';
import { readBag } from '../../src/bag/read_bag.js';
import { saveInputs } from '../../src/bag/save_inputs.js';
import { BadInput } from '../../src/errors.js';
import { conditionsFromBag } from '../../src/replay/conditions_from_bag.js';
import { policyManifest } from '../control/policy_manifest.js';
import { encodeCdr, header, jointState, type BagEntry } from './make_bag.js';
import { temporaryDirectory } from './temporary_directory.js';

const MS = 1_000_000n;
const START = 1_700_000_000_000_000_000n;
const STAMPED = { header: header(START) };

/** A message of every type that a policy can observe, 50 ms apart. */
const ALL_TYPES: readonly BagEntry[] = (
  [
    ['/joint_states', 'sensor_msgs/msg/JointState', jointState(START, [0.1, -2], ['j1', 'j2'])],
    [
      '/cube_pose',
      'geometry_msgs/msg/PoseStamped',
      {
        ...STAMPED,
        pose: { position: { x: 1, y: 2, z: 3 }, orientation: { x: 0, y: 0, z: 0.6, w: 0.8 } },
      },
    ],
    [
      '/force',
      'std_msgs/msg/Float64MultiArray',
      { layout: { dim: [{ label: 'f', size: 1, stride: 1 }], data_offset: 0 }, data: [7.5] },
    ],
    [
      '/camera',
      'sensor_msgs/msg/Image',
      {
        ...STAMPED,
        height: 1,
        width: 2,
        encoding: 'rgb8',
        is_bigendian: 0,
        step: 6,
        data: Uint8Array.of(1, 2, 3, 4, 5, 6),
      },
    ],
    [
      '/camera/compressed',
      'sensor_msgs/msg/CompressedImage',
      { ...STAMPED, format: 'jpeg', data: Uint8Array.of(0xff, 0xd8, 1) },
    ],
  ] as const
).map(([topic, type, message], i) => ({
  topic,
  type,
  message,
  logTimeNs: START + BigInt(i) * 50n * MS,
}));

function recorderOf(entries: readonly BagEntry[]): InputRecorder {
  const recorder = new InputRecorder({ seconds: 60, bytes: 2 ** 28 });
  for (const { topic, type, message, logTimeNs } of entries) {
    recorder.push(topic, type, encodeCdr(type, message), logTimeNs);
  }
  return recorder;
}

/** Joint states every 10 ms. */
function joints(count: number): BagEntry[] {
  return Array.from({ length: count }, (_, i) => {
    const stampNs = START + BigInt(i) * 10n * MS;
    return {
      topic: '/joint_states',
      type: 'sensor_msgs/msg/JointState',
      message: jointState(stampNs, [i, -i]),
      logTimeNs: stampNs + MS,
    };
  });
}

describe('saveInputs', () => {
  const directory = temporaryDirectory();

  it('writes every type that a policy observes, so that it reads back equal', async () => {
    const saved = await saveInputs(recorderOf(ALL_TYPES), directory.at('bag'), 0);
    assert.deepEqual(saved, { messages: 5, seconds: 0.2 });
    const read: unknown[] = [];
    for await (const found of readBag(
      directory.at('bag'),
      ALL_TYPES.map(({ topic }) => topic),
    )) {
      read.push({ ...found, message: plain(found.message) });
    }
    assert.deepEqual(
      read,
      ALL_TYPES.map(({ topic, type, message, logTimeNs }) => ({
        topic,
        schemaName: type,
        logTimeNs,
        message: plain(message),
      })),
    );
  });

  it('writes what planning is calibrated on', async () => {
    await saveInputs(recorderOf(joints(101)), directory.at('bag'), 0);
    const manifest = policyManifest({
      observation_sources: [
        {
          name: 'arm',
          topic: 'joint_states',
          type: 'sensor_msgs/msg/JointState',
          field: 'position',
          names: ['j1', 'j2'],
        },
      ],
    });
    const noImages = async (): Promise<Float32Array> => Promise.reject(new Error('no images'));
    const last: number[] = [];
    for await (const { condition } of conditionsFromBag(manifest, directory.at('bag'), noImages)) {
      last.push(condition[2]!);
    }
    // Every fifth position, normalised by 0.5 x + 1.
    const expected = Array.from({ length: 21 }, (_, i) => 2.5 * i + 1);
    assert.deepEqual(last, expected);
  });

  it('writes the last seconds only when asked to', async () => {
    const saved = await saveInputs(recorderOf(joints(200)), directory.at('bag.mcap'), 0.5);
    assert.deepEqual(saved, { messages: 51, seconds: 0.5 });
    const { topics, endNs } = await bagSummary(directory.at('bag.mcap'));
    assert.equal(topics[0]!.messages, 51);
    assert.equal(endNs, START + 1991n * MS);
  });

  it('lets this thread go on meanwhile, and the recorder record', async () => {
    const data = new Uint8Array(921_600);
    const [camera] = ALL_TYPES.filter(({ topic }) => topic === '/camera');
    const cdr = encodeCdr(camera!.type, { ...(camera!.message as object), data });
    const recorder = new InputRecorder({ seconds: 100, bytes: 2 ** 30 });
    const push = (i: number): void => {
      recorder.push('/camera', camera!.type, cdr, START + BigInt(i) * 33n * MS);
    };
    for (let i = 0; i < 100; i++) push(i);
    let turns = 0;
    const timer = setInterval(() => {
      push(100 + turns++);
    }, 1);
    const { messages } = await saveInputs(recorder, directory.at('bag'), 0);
    clearInterval(timer);
    assert.equal(messages, 100, 'later messages are not part of it');
    assert.ok(turns > 20, `only ${turns} turns`);
    assert.equal(recorder.messages, 100 + turns);
  });

  it('refuses when there is nothing, or what is there is not ours, in one line', async () => {
    const empty = new InputRecorder({ seconds: 1, bytes: 1 });
    await assert.rejects(saveInputs(empty, directory.at('bag'), 0), /bag: no input was kept/);
    for (const seconds of [-1, NaN]) {
      await assert.rejects(saveInputs(empty, directory.at('bag'), seconds), BadInput);
    }
    mkdirSync(directory.at('other'));
    writeFileSync(directory.at('other/file'), 'keep me');
    const recorder = recorderOf(ALL_TYPES);
    await assert.rejects(saveInputs(recorder, '', 0), BadInput);
    assert.equal((await saveInputs(recorder, directory.at('all.mcap'), Infinity)).messages, 5);
    await assert.rejects(saveInputs(recorder, directory.at('other'), 0), BadInput);
    assert.equal(readFileSync(directory.at('other/file'), 'utf8'), 'keep me');
    await assert.rejects(
      saveInputs(recorder, directory.at('other/file/bag'), 0),
      (error: unknown) =>
        error instanceof BadInput && /bag: cannot be written: ENOTDIR/.test(error.message),
    );
    assert.ok(!existsSync(directory.at('bag')));
  });

  it('writes what PyPI rosbags reads, all values equal', async function () {
    const python = process.env['BAC_POLICY_PYTHON'] ?? '.venv/bin/python';
    if (spawnSync(python, ['-c', 'import rosbags']).status !== 0) {
      process.stdout.write(`      skipped: ${python} has no rosbags; set BAC_POLICY_PYTHON\n`);
      this.skip();
    }
    this.timeout(30_000);
    await saveInputs(recorderOf(ALL_TYPES), directory.at('bag'), 0);
    const script = fileURLToPath(
      new URL('../../../test/bag/read_with_rosbags.py', import.meta.url),
    );
    const run = spawnSync(python, [script, directory.at('bag')], { encoding: 'utf8' });
    assert.equal(run.status, 0, run.stderr);
    assert.deepEqual(
      JSON.parse(run.stdout),
      ALL_TYPES.map(({ message }) => plain(message)),
    );
  });
});

/** A message as JSON holds it. */
function plain(message: unknown): unknown {
  const text = JSON.stringify(message, (_, value: unknown) =>
    ArrayBuffer.isView(value) ? [...(value as Uint8Array)] : value,
  );
  return JSON.parse(text);
}
