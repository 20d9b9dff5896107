import assert from 'node:assert/strict';
import { nanoseconds } from '../../src/control/ros_messages.js';
import { BadInput } from '../../src/errors.js';
import type { PolicyManifest } from '../../src/policy/manifest.js';
import { MANIFEST, MS, PERIOD, Rig, START, assertHold, policyOf } from './loop_rig.js';
import { NO_LIMITS } from './motion/no_limits.js';

const SLOW = { ...NO_LIMITS, velocity: [0.5, 0.5] };

/** {@link MANIFEST} with a source that sees only the first joint that is moved. */
const HALF_SEEN = {
  ...MANIFEST,
  observation_sources: [
    { ...MANIFEST.observation_sources![0], names: ['a', 'other'] },
    MANIFEST.observation_sources![1],
  ],
} as PolicyManifest;

describe('The policy loop guards', () => {
  it('against a chunk so late that the robot would have to jump to what is left of it', async () => {
    const rig = new Rig({ limits: SLOW });
    const open = rig.holdBack();
    rig.loop.start();
    await rig.send();
    // 5 ms before the third of four points, at 0.03.
    rig.nowNs += 3n * PERIOD - 5n * MS;
    await open();
    assert.deepEqual(rig.trajectories, []);
    assert.match(rig.loop.reason!, /a would reach a velocity of 4\.000, its limit is 0\.5/);
  });

  it('against speed from where the robot was told to be, though it lags behind', async () => {
    const rig = new Rig({ limits: SLOW });
    rig.action = (index) => [0.01, 0.02, 0.03, 0.04].flatMap((step) => [index * 0.04 + step, 0]);
    rig.loop.start();
    // What is seen stays at 0: from there the second chunk would begin with 0.05 in a period, 1 per second.
    await rig.periods(5);
    assert.equal(rig.trajectories.length, 2);
  });

  it('against the speed of every joint that it sees, where it does not see all', async () => {
    const rig = new Rig({ limits: SLOW }, HALF_SEEN);
    rig.loop.start();
    await rig.send({ joints: [-0.5, 0] });
    assert.deepEqual(rig.trajectories, []);
    assert.match(rig.loop.reason!, /a would reach a velocity/);
  });

  it('what else drives the robot: shadow mode ends the motion at once, and nothing follows', async () => {
    const rig = new Rig();
    rig.loop.start();
    await rig.periods(2);
    rig.loop.settings = { ...rig.settings, shadow: true };
    const hold = rig.trajectories.at(-1)!;
    assert.equal(rig.trajectories.length, 2);
    assertHold(hold);
    rig.loop.reset('asked for');
    await rig.periods(5);
    rig.loop.stop();
    assert.equal(rig.trajectories.length, 2);
    assert.ok(rig.chunks.length > 1);
  });

  it('against a policy that it cannot act by: the one before stays', async () => {
    const rig = new Rig();
    rig.loop.start();
    await rig.periods(1);
    const { action } = MANIFEST;
    const useless = { ...HALF_SEEN, action: { ...action, mode: 'delta' } } as PolicyManifest;
    assert.throws(() => rig.loop.usePolicy(policyOf(useless)), BadInput);
    rig.action = () => Array<number>(8).fill(0.5);
    await rig.periods(4);
    // Taken as changes, they would add up.
    assert.ok(Math.abs(rig.trajectories.at(-1)!.points.at(-1)!.positions[0]! - 0.5) < 1e-9);
  });

  it('against a step back when it is stopped just after the clock was set back', async () => {
    const rig = new Rig();
    rig.loop.start();
    await rig.periods(2);
    rig.nowNs = START - 10_000n * MS;
    rig.loop.stop();
    assertHold(rig.trajectories.at(-1)!);
    const [position] = rig.trajectories.at(-1)!.points.at(-1)!.positions;
    assert.ok(position! > 0.015, `${position}`);
  });
});

describe('The policy loop and its clock', () => {
  it('holds when the clock jumps forward, where it was told to be before', async () => {
    const rig = new Rig();
    rig.loop.start();
    await rig.periods(2);
    const before = rig.nowNs;
    rig.jumpTo(before + 3_600_000n * MS);
    await rig.poll();
    assert.match(rig.loop.reason!, /jumped forward/);
    assertHold(rig.trajectories.at(-1)!);
    await rig.periods(3);
    assert.equal(rig.loop.state, 'running');
    const { tickLateness, clockJumps } = rig.loop.statistics.report(0);
    assert.ok(tickLateness!.max < 1000, 'the jump is no lateness');
    assert.equal(clockJumps, 1);
  });

  it('does not take a process that slept for a clock that jumped', async () => {
    const rig = new Rig();
    rig.loop.start();
    await rig.periods(2);
    rig.nowNs += 10_000n * MS;
    await rig.poll();
    await rig.pass(20n * MS);
    assert.match(rig.loop.reason!, /^stale/);
    assert.equal(rig.loop.statistics.report(0).clockJumps, 0);
  });
});

describe('The policy loop and a thread that was kept by something else', () => {
  it('takes the messages that wait before it says that they are missing', async () => {
    const rig = new Rig();
    rig.loop.start();
    await rig.periods(3);
    // 40 ms more than sources may be silent.
    const stamps = [0n, 1n, 2n].map((i) => rig.nowNs + i * PERIOD);
    rig.nowNs += 2n * PERIOD + 45n * MS;
    for (const stampNs of stamps) await rig.send({}, stampNs);
    rig.nowNs = stamps.at(-1)! + PERIOD;
    await rig.periods(4);
    assert.deepEqual(rig.faults, [undefined]);
    assert.equal(
      rig.loop.statistics.report(0).sources[0]!.dropped['too_old_on_arrival'],
      undefined,
    );
  });

  it('says so when nothing waited', async () => {
    const rig = new Rig();
    rig.loop.start();
    await rig.periods(3);
    rig.nowNs += 2n * PERIOD + 45n * MS;
    await rig.poll();
    assert.equal(rig.loop.state, 'running');
    await rig.pass(12n * MS);
    assert.match(rig.loop.reason!, /^stale/);
  });
});

describe('The policy loop in simulated time', () => {
  it('is patient when the clock overtakes messages that are on their way', async () => {
    const rig = new Rig({ simTime: true });
    rig.loop.start();
    await rig.periods(4);
    // The node was held up: the clock has gone on by 150 ms, the messages of that time come now, one by one.
    const stamps = [0n, 1n, 2n].map((i) => rig.nowNs + i * PERIOD);
    rig.nowNs += 3n * PERIOD;
    await rig.poll();
    for (const stampNs of stamps) await rig.send({}, stampNs);
    await rig.periods(2);
    assert.equal(rig.loop.state, 'running');
    assert.deepEqual(rig.faults, [undefined]);
    assert.deepEqual(
      rig.chunks.map(({ header }) => nanoseconds(header.stamp) - START),
      [0n, 4n * PERIOD, 8n * PERIOD],
    );
  });

  it('holds when a source stays silent', async () => {
    const rig = new Rig({ simTime: true });
    rig.loop.start();
    await rig.periods(2);
    for (let i = 0; i < 60 && rig.loop.state === 'running'; i++) {
      rig.nowNs += 10n * MS;
      await rig.poll();
    }
    assert.match(rig.loop.reason!, /^stale/);
  });
});

describe('The policy loop and slow inference', () => {
  it('holds when a chunk is not made before its end, and when it comes after all', async () => {
    const rig = new Rig();
    rig.loop.start();
    await rig.periods(4);
    const open = rig.holdBack();
    await rig.periods(6);
    assert.equal(rig.loop.state, 'holding');
    assert.match(rig.loop.reason!, /inference takes longer/);
    await open();
    assert.equal(rig.loop.state, 'holding');
    await rig.periods(2);
    assert.equal(rig.loop.state, 'running');
  });
});

describe('The policy loop says', () => {
  it('which source cannot be used, also if that began before it was started, or reset', async () => {
    const rig = new Rig();
    for (let i = 0; i < 3; i++) rig.loop.reject(0, 'NaN');
    rig.loop.start();
    rig.loop.reject(0, 'NaN');
    assert.equal(rig.loop.reason, 'unusable: NaN');
    rig.loop.reset('asked for');
    assert.equal(rig.loop.reason, 'asked for');
    rig.loop.reject(0, 'NaN');
    assert.equal(rig.loop.reason, 'unusable: NaN');
  });

  it('that a source is missing, if all it ever sent was of no use and before the start', async () => {
    const rig = new Rig();
    for (let i = 0; i < 3; i++) rig.loop.reject(0, 'NaN');
    rig.loop.start();
    rig.nowNs += 300n * MS;
    await rig.send({ joints: null });
    assert.equal(rig.loop.reason, 'missing: joints: NaN');
  });

  it('that the clock of a source is ahead', async () => {
    const rig = new Rig();
    rig.loop.start();
    for (let i = 0; i < 5; i++) {
      await rig.send({ joints: null });
      await rig.send({ extra: null }, rig.nowNs + 1000n * MS);
      rig.nowNs += PERIOD;
    }
    assert.match(rig.loop.reason!, /^missing: joints: stamped 1\.00 s ahead/);
  });

  it('that there is no time, from the start or when simulated time is switched on', async () => {
    const rig = new Rig();
    rig.nowNs = 0n;
    rig.loop.start();
    await rig.poll();
    assert.match(rig.loop.reason!, /nothing came on \/clock/);
    rig.nowNs = START;
    await rig.periods(2);
    rig.nowNs = 0n;
    await rig.poll();
    await rig.poll();
    assert.match(rig.loop.reason!, /nothing came on \/clock/);
    assertHold(rig.trajectories.at(-1)!);
  });

  it('each kind of reason once, whatever numbers and names are in it', async () => {
    const rig = new Rig();
    rig.loop.start();
    rig.nowNs += 300n * MS;
    await rig.send({ joints: null });
    for (let i = 0n; i < 8n; i++) {
      await rig.send({ joints: [0, 0], extra: null }, rig.nowNs - (1000n + 13n * i) * MS);
      rig.nowNs += 10n * MS;
    }
    assert.equal(rig.faults.length, 2, JSON.stringify(rig.faults));
    for (let i = 0; i < 5; i++) {
      await rig.periods(3);
      rig.loop.reject(0, `no joint ${i}`);
      rig.loop.reject(0, `no joint ${i}`);
      assert.equal(rig.loop.reason, `unusable: no joint ${i}`);
    }
    assert.deepEqual(rig.loop.statistics.report(0).faults, { unusable: 5 });
  });

  it('at once that a source failed, also soon after it began to act anew', async () => {
    const rig = new Rig({ maxAgesNs: [30n * MS, 5000n * MS] });
    rig.loop.start();
    await rig.send();
    assert.equal(rig.loop.state, 'running');
    await rig.pass(35n * MS);
    await rig.poll();
    assert.match(rig.loop.reason!, /^stale: joints/);
  });
});
