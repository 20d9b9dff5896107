import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { readBag } from '../../src/bag/read_bag.js';
import { nanoseconds, type JointTrajectory } from '../../src/control/ros_messages.js';
import { BadInput } from '../../src/errors.js';
import type { ObservationSource, PolicyManifest } from '../../src/policy/manifest.js';
import { Replay, type ReplayedPolicy, type ReplayOptions } from '../../src/replay/replay.js';
import type { DriftReference } from '../../src/control/drift_distance.js';
import { driftReference } from '../../src/control/drift_reference.js';
import type { ReplayStatistics } from '../../src/replay/replay_statistics.js';
import { DEMO_BAG } from '../bag/demo_bag.js';
import { header, jointState, jointStates, makeMcap, type BagEntry } from '../bag/make_bag.js';
import { temporaryDirectory } from '../bag/temporary_directory.js';
import { IMAGE_INPUT, policyManifest, vectorInput } from '../control/policy_manifest.js';
import { fakePolicy } from './fake_policy.js';

const MS = 1_000_000n;
const ARM: ObservationSource = {
  name: 'arm',
  topic: 'joint_states',
  type: 'sensor_msgs/msg/JointState',
  field: 'position',
  names: ['j1', 'j2'],
};
const CAMERA: ObservationSource = {
  name: 'image',
  topic: 'camera',
  type: 'sensor_msgs/msg/Image',
  size: [8, 12],
};

/** A policy that observes two joints. */
const MANIFEST = policyManifest({ observation_sources: [ARM] });
/** One that observes a camera too. */
const WITH_CAMERA = policyManifest({
  inputs: [vectorInput('arm', 2), IMAGE_INPUT],
  observation_sources: [ARM, CAMERA],
});

/** Pictures every 50 ms, logged 12 ms later than taken. */
function pictures(count: number, startNs: bigint, change: object = {}): BagEntry[] {
  return Array.from({ length: count }, (_, i) => {
    const stampNs = startNs + BigInt(i) * 50n * MS;
    const message = {
      header: header(stampNs),
      height: 8,
      width: 12,
      encoding: 'mono8',
      is_bigendian: 0,
      step: 12,
      data: new Uint8Array(96).fill(i),
      ...change,
    };
    return {
      topic: '/camera',
      type: 'sensor_msgs/msg/Image',
      logTimeNs: stampNs + 12n * MS,
      message,
    };
  });
}

const START = 1_000_000_000n;

describe('Replay', () => {
  const directory = temporaryDirectory();
  const bagOf = async (entries: BagEntry[]): Promise<string> => {
    entries.sort((a, b) => Number(a.logTimeNs - b.logTimeNs));
    writeFileSync(directory.at('in.mcap'), await makeMcap(entries));
    return directory.at('in.mcap');
  };
  const replay = async (
    bag: string,
    manifest: PolicyManifest = MANIFEST,
    options: Partial<ReplayOptions> = {},
    policy: ReplayedPolicy = fakePolicy(manifest),
  ): Promise<ReplayStatistics> => {
    const opened = await Replay.open(manifest, {
      bag,
      out: directory.at('out'),
      seed: 0,
      ...options,
    });
    return opened.run(policy);
  };
  const refuses = async (bag: string, what: RegExp, manifest = MANIFEST): Promise<void> => {
    await assert.rejects(replay(bag, manifest), (error: unknown) => {
      assert.ok(error instanceof BadInput, (error as Error).stack);
      assert.match(error.message, what);
      return true;
    });
    const left = readdirSync(directory.path).filter((name) => name !== 'in.mcap');
    assert.deepEqual(left, [], 'left something behind');
  };
  const trajectories = async (bag: string): Promise<JointTrajectory[]> => {
    const found: JointTrajectory[] = [];
    for await (const { message } of readBag(bag, ['/policy/joint_trajectory'])) {
      found.push(message as JointTrajectory);
    }
    return found;
  };

  describe('of the demo bag', () => {
    const names = [1, 2, 3, 4, 5, 6, 7].map((i) => `panda_joint${i}`);
    const manifest = policyManifest({
      inputs: [vectorInput('observation', 15)],
      observation_sources: [
        { ...ARM, names: [...names, 'panda_finger_joint1'] },
        {
          name: 'cube',
          topic: 'cube_pose',
          type: 'geometry_msgs/msg/PoseStamped',
          field: 'pose',
        },
      ],
    });
    const eightSteps: PolicyManifest = {
      ...manifest,
      architecture: { ...manifest.architecture, horizon: 10, n_action_steps: 8 },
    };

    it('makes chunks exactly where the closed loop made them', async () => {
      const statistics = await replay(DEMO_BAG, eightSteps);
      const stamps = async (bag: string): Promise<bigint[]> =>
        (await trajectories(bag)).map(({ header: { stamp } }) => nanoseconds(stamp));
      const expected = await stamps(DEMO_BAG);
      assert.equal(expected.length, 13);
      assert.deepEqual(await stamps(directory.at('out')), expected);
      assert.equal(statistics.chunks, 13);
      assert.equal(statistics.episodes, 2);
      assert.deepEqual(statistics.episodes_ended, { 'stale: /joint_states': 1 });
      assert.deepEqual(
        JSON.parse(readFileSync(directory.at('out/statistics.json'), 'utf8')),
        JSON.parse(JSON.stringify(statistics)),
      );
      assert.ok(!('drift' in statistics), 'nothing is known of calibration');
    });

    it('tells observations like those of calibration from others', async () => {
      const seen: Float32Array[] = [];
      const policy = fakePolicy(eightSteps, (condition) => seen.push(condition));
      await replay(DEMO_BAG, eightSteps, {}, policy);
      const width = seen[0]!.length;
      const reference = (offset: number): DriftReference => {
        const conditions = seen.flatMap((one) => [...one.map((value) => value + offset)]);
        return driftReference(
          Float32Array.from(conditions),
          seen.map((_, i) => Math.floor(i / 3)),
        );
      };
      const same = await replay(DEMO_BAG, eightSteps, { drift: reference(0) });
      assert.deepEqual([same.drift!.level, same.drift!.beyond], ['ok', 0]);
      assert.ok(same.drift!.distance.p50 < 0.01);
      const { drift } = await replay(DEMO_BAG, eightSteps, { drift: reference(9) });
      assert.deepEqual([drift!.level, drift!.beyond, drift!.drifts], ['drift', 13, 1]);
      assert.equal(drift!.share, 1);
      assert.match(drift!.out_of_range!, /^(panda_|cube\[)/);
      assert.equal(width, 2 * 15);
    });
  });

  it('conditions each chunk on the last To observations', async () => {
    const conditions: number[][] = [];
    const policy = fakePolicy(MANIFEST, (condition) => conditions.push([...condition]));
    await replay(await bagOf(jointStates(10)), MANIFEST, {}, policy);
    // Joint i is at i and -i at step i; normalised 0.5 x + 1.
    const at = (i: number): number[] => [0.5 * i + 1, -0.5 * i + 1];
    assert.deepEqual(conditions, [
      [...at(0), ...at(0)],
      [...at(3), ...at(4)],
      [...at(7), ...at(8)],
    ]);
  });

  it('writes what made each chunk', async () => {
    await replay(await bagOf(jointStates(10)));
    const chunks: Record<string, unknown>[] = [];
    for await (const { message, logTimeNs, schemaName } of readBag(directory.at('out'), [
      '/policy/action_chunk',
    ])) {
      assert.equal(schemaName, 'bac_policy/msg/ActionChunk');
      const chunk = message as Record<string, unknown>;
      assert.equal(nanoseconds((chunk['header'] as JointTrajectory['header']).stamp), logTimeNs);
      chunks.push(chunk);
    }
    assert.deepEqual(
      chunks.map((chunk) => chunk['chunk_id']),
      [0n, 1n, 2n],
    );
    const [, second] = chunks;
    assert.deepEqual(second!['observation_stamps'], [
      { sec: 1, nanosec: 150_000_000 },
      { sec: 1, nanosec: 200_000_000 },
    ]);
    assert.equal(second!['policy_sha256'], 'ab'.repeat(32));
    assert.equal(second!['plan_sha256'], 'cd'.repeat(32));
    assert.deepEqual(second!['inference_latency'], { sec: 0, nanosec: 2_500_000 });
    assert.deepEqual([second!['n_actions'], second!['action_dim']], [4, 2]);
    const [, trajectory] = await trajectories(directory.at('out'));
    const positions = trajectory!.points.flatMap((point) => [...point.positions]);
    assert.deepEqual([...(second!['actions'] as Float64Array)], positions);
  });

  it('gives the same actions for the same seed, others for another', async () => {
    const bag = await bagOf(jointStates(30));
    const run = async (seed: number, name: string): Promise<JointTrajectory[]> => {
      await replay(bag, MANIFEST, { seed, out: directory.at(name) });
      return trajectories(directory.at(name));
    };
    const first = await run(1, 'a');
    assert.equal(first.length, 8);
    assert.deepEqual(await run(1, 'b.mcap'), first);
    assert.notDeepEqual(await run(2, 'c'), first);
  });

  it('starts the changes of a delta policy from the observed joints', async () => {
    const delta = policyManifest({
      observation_sources: [{ ...ARM, names: ['j2', 'j1'] }],
      action: { mode: 'delta' },
    });
    await replay(await bagOf(jointStates(5)), delta);
    const [, last] = await trajectories(directory.at('out'));
    const chunks: Float64Array[] = [];
    for await (const { message } of readBag(directory.at('out'), ['/policy/action_chunk'])) {
      chunks.push((message as { actions: Float64Array }).actions);
    }
    const [j1, j2] = last!.points[0]!.positions;
    assert.ok(Math.abs(j1! - (4 + chunks[1]![0]!)) < 1e-12);
    assert.ok(Math.abs(j2! - (-4 + chunks[1]![1]!)) < 1e-12);
  });

  it('encodes only pictures that a chunk looks at, each once', async () => {
    const encoded: number[] = [];
    const policy = fakePolicy(WITH_CAMERA, undefined, (rgb) => encoded.push(rgb[0]!));
    const bag = await bagOf([...jointStates(10), ...pictures(10, START)]);
    const { chunks } = await replay(bag, WITH_CAMERA, {}, policy);
    assert.equal(chunks, 3);
    assert.deepEqual(encoded, [0, 3, 4, 7, 8]);
  });

  it('follows --remap, with and without leading slashes', async () => {
    const bag = await bagOf(jointStates(5).map((entry) => ({ ...entry, topic: '/robot/joints' })));
    for (const remap of [
      ['joint_states', 'robot/joints'],
      ['/joint_states', '/robot/joints'],
    ] as [string, string][]) {
      assert.equal((await replay(bag, MANIFEST, { remap: new Map([remap]) })).chunks, 2);
    }
  });

  it('ends the episode when the camera dies, and waits no longer than it must', async () => {
    const bag = await bagOf([
      ...jointStates(200),
      ...pictures(20, START),
      ...pictures(20, START + 6_000n * MS),
    ]);
    const statistics = await replay(bag, WITH_CAMERA);
    assert.equal(statistics.episodes, 2);
    assert.deepEqual(statistics.episodes_ended, { 'stale: /camera': 2 });
    const stamps = (await trajectories(directory.at('out'))).map(({ header: { stamp } }) =>
      Number((nanoseconds(stamp) - START) / MS),
    );
    assert.deepEqual(stamps, [0, 200, 400, 600, 800, 1000, 6000, 6200, 6400, 6600, 6800, 7000]);
    const arm = statistics.sources[0]!;
    assert.equal(arm.received, 200);
    assert.ok(arm.outside_episode > 100, 'messages without an episode were not counted');
  });

  it('passes over and counts messages of other joints on the same topic', async () => {
    const gripper = jointStates(10, START + 7n * MS, (i) => [i]).map((entry, i) => ({
      ...entry,
      message: jointState(START + 7n * MS + BigInt(i) * 50n * MS, [i], ['finger']),
    }));
    const alone = await replay(await bagOf(jointStates(10)));
    const { chunks, sources } = await replay(await bagOf([...jointStates(10), ...gripper]));
    assert.equal(chunks, alone.chunks);
    assert.deepEqual([sources[0]!.received, sources[0]!.other_joints], [20, 10]);
  });

  it('allows older messages when asked to', async () => {
    const slow = jointStates(40).filter((_, i) => i % 4 === 0);
    const bag = await bagOf(slow);
    assert.equal((await replay(bag)).episodes, 10);
    const patient = await replay(bag, MANIFEST, { maxAgeMs: 400 });
    assert.deepEqual([patient.episodes, patient.chunks, patient.max_age_ms], [1, 10, 400]);
  });

  it('replays a bag that ends in the middle and says so', async () => {
    const bytes = await makeMcap(jointStates(60));
    writeFileSync(directory.at('in.mcap'), bytes.subarray(0, bytes.length / 2));
    const { chunks, warnings } = await replay(directory.at('in.mcap'));
    assert.ok(chunks > 2 && chunks < 15, `${chunks} chunks`);
    assert.match(warnings.join(), /in\.mcap ends in the middle/);
    assert.equal(warnings.length, 1);
  });

  it('fails, and writes nothing, when the policy gives what a controller must not get', async () => {
    const policy = fakePolicy(MANIFEST);
    const wild: ReplayedPolicy = {
      ...policy,
      denoise: async (condition, noise) => {
        const chunk = await policy.denoise(condition, noise);
        chunk.action[3] = NaN;
        return chunk;
      },
    };
    const bag = await bagOf(jointStates(5));
    await assert.rejects(
      replay(bag, MANIFEST, {}, wild),
      /chunk 0: a controller would reject the trajectory: point 0 has velocities with NaN/,
    );
    assert.ok(!existsSync(directory.at('out')));
  });

  describe('refuses', () => {
    it('a bag without the topic, naming it and those there are', async () => {
      const bag = await bagOf(jointStates(5).map((entry) => ({ ...entry, topic: '/other' })));
      await refuses(
        bag,
        /in\.mcap: has no topic \/joint_states, only \/other; .*--remap joint_states:=/,
      );
    });

    it('a topic of another type', async () => {
      const bag = await bagOf(pictures(3, START).map((e) => ({ ...e, topic: '/joint_states' })));
      await refuses(
        bag,
        /topic \/joint_states: has messages of type sensor_msgs\/msg\/Image, .*JointState/,
      );
    });

    it('time going backwards, naming both times', async () => {
      const entries = jointStates(6);
      entries[4] = { ...entries[4]!, message: jointState(START - 2000n * MS, [0, 0]) };
      await refuses(
        await bagOf(entries),
        /\/joint_states: time goes backwards: a message of -?\d+\.\d{9} s follows one of 1\.150000000 s/,
      );
    });

    it('NaN, a missing joint and messages without stamps', async () => {
      const values = (i: number): number[] => [i, i === 3 ? NaN : 0];
      await refuses(
        await bagOf(jointStates(6, START, values)),
        /\/joint_states: position of j2 is NaN/,
      );
      await refuses(await bagOf(jointStates(6, START, () => [1])), /has no joint j2, only j1/);
      const others = jointStates(3).map((e, i) => ({
        ...e,
        message: jointState(START + BigInt(i), [1, 2], ['a', 'b']),
      }));
      await refuses(
        await bagOf(others),
        /topic \/joint_states: no message names any of the joints j1, j2, only a, b; .*--remap/,
      );
      const unstamped = jointStates(3).map((e) => ({ ...e, message: jointState(0n, [1, 2]) }));
      await refuses(await bagOf(unstamped), /carry no time stamp/);
    });

    it('a camera of another encoding, or of fewer bytes than its size', async () => {
      const camera = async (change: object): Promise<string> =>
        bagOf([...jointStates(3), ...pictures(3, START, change)]);
      await refuses(await camera({ encoding: 'yuv422' }), /encoding 'yuv422' is not/, WITH_CAMERA);
      await refuses(
        await camera({ height: 9 }),
        /\/camera: a picture of 12x9 mono8 with step 12 has 96 bytes/,
        WITH_CAMERA,
      );
    });

    it('a bag in which the sources never meet, or that is empty', async () => {
      const apart = [...jointStates(3), ...pictures(3, START + 5_000n * MS)];
      await refuses(
        await bagOf(apart),
        /no moment at which all of \/joint_states, \/camera/,
        WITH_CAMERA,
      );
      writeFileSync(directory.at('in.mcap'), await makeMcap([]));
      await refuses(directory.at('in.mcap'), /has no topic \/joint_states, only none/);
    });

    it('a package that does not say enough, naming the field', async () => {
      const bag = await bagOf(jointStates(5));
      await refuses(bag, /observation_sources is missing.*--sources FILE/, policyManifest());
      const without = (field: 'rate_hz' | 'joint_names'): PolicyManifest => {
        const action = { ...MANIFEST.action };
        Reflect.deleteProperty(action, field);
        return { ...MANIFEST, action };
      };
      await refuses(bag, /action\.rate_hz is missing.*--sources FILE/, without('rate_hz'));
      await refuses(bag, /action\.joint_names is missing/, without('joint_names'));
    });

    it('a delta policy that does not observe its joints', async () => {
      const blind = policyManifest({
        inputs: [vectorInput('observation', 1)],
        observation_sources: [{ ...ARM, names: ['j1'] }],
        action: { mode: 'delta' },
      });
      await refuses(await bagOf(jointStates(5)), /no JointState source observes that of j2/, blind);
    });
  });
});
