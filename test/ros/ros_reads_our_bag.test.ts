import assert from 'node:assert/strict';
import { join } from 'node:path';
import { parse } from '@foxglove/rosmsg';
import { readBag } from '../../src/bag/read_bag.js';
import { messageDefinitions } from '../../src/bag/message_definitions.js';
import { CHUNK_TOPIC, TRAJECTORY_TOPIC } from '../../src/replay/replay.js';
import { runCli } from '../cli/run_cli.js';
import '../support/cache_directory.js';
import { temporaryDirectory } from '../support/temporary_directory.js';
import { rawMessages } from './raw_mcap.js';
import { asJson, requireRos, ROOT, runRosScript, runWithRos } from './ros_environment.js';

const DEMO = join(ROOT, 'demo/lift_tiny');
/** All that are written into bags, sent or received. */
const TYPES = [
  'trajectory_msgs/msg/JointTrajectory',
  'bac_policy/msg/ActionChunk',
  'sensor_msgs/msg/JointState',
  'sensor_msgs/msg/Image',
  'sensor_msgs/msg/CompressedImage',
  'geometry_msgs/msg/PoseStamped',
  'std_msgs/msg/Float64MultiArray',
  'diagnostic_msgs/msg/DiagnosticArray',
];

/** The replay of the demo's bag by its real policy, run by the command that ROS 2 has installed. */
describe('A replayed bag', () => {
  const directory = temporaryDirectory();
  const bag = join(directory, 'replayed.mcap');
  before(function () {
    requireRos(this);
    const policy = join(directory, 'policy');
    const imported = runCli(
      'import',
      join(DEMO, 'lift_lowdim_tiny.ckpt'),
      ...['--sources', join(ROOT, 'config/sources/lift_lowdim.yaml'), '--output', policy],
    );
    assert.equal(imported.status, 0, imported.stderr);
    const installed = join(ROOT, '.ros/install/bac_policy/lib/bac_policy/bac-policy');
    runWithRos([installed, 'replay', policy, '--bag', join(DEMO, 'bag'), '--output', bag]);
  });

  it('is decoded by ROS 2 to the values we read', async () => {
    const encoded = await rawMessages(bag);
    const byRos = runRosScript(
      'decode_messages.py',
      encoded.map(({ channel, data }) => ({
        type: channel.schemaName,
        cdr: Buffer.from(data).toString('base64'),
      })),
    ) as Record<string, unknown>[];
    const byUs: unknown[] = [];
    for await (const { message } of readBag(bag, [TRAJECTORY_TOPIC, CHUNK_TOPIC])) {
      byUs.push(asJson(message));
    }
    assert.deepEqual(byRos, byUs);

    const trajectories = byRos.filter((message) => 'points' in message);
    const chunks = byRos.filter((message) => 'actions' in message);
    assert.deepEqual([trajectories.length, chunks.length], [13, 13]);
    for (const [i, { points }] of trajectories.entries()) {
      const positions = (points as { positions: number[] }[]).flatMap((point) => point.positions);
      assert.equal(positions.length, 8 * 8);
      assert.ok(
        positions.every((position) => Number.isFinite(position) && Math.abs(position) < 4),
        'joint positions of a Panda [rad]',
      );
      assert.deepEqual(chunks[i]!['actions'], positions, `chunk ${i}`);
    }
  });

  it('describes its messages as ROS 2 does', () => {
    const installed = runRosScript('define_types.py', TYPES) as Record<string, string>;
    for (const type of TYPES) {
      const theirs = parse(installed[type]!, { ros2: true });
      const ours = messageDefinitions(type);
      assert.ok(ours.length >= 3);
      assert.deepEqual(byName(ours), byName(theirs));
    }
  });
});

/** The fields of each type of a schema; the message itself has no name in it. */
function byName(definitions: ReturnType<typeof parse>): Map<string, unknown> {
  return new Map(definitions.map(({ name, definitions: fields }) => [name ?? '', fields]));
}
