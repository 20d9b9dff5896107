import assert from 'node:assert/strict';
import { nanoseconds } from '../../src/control/ros_messages.js';
import { MS, PERIOD, Rig, START, assertHold } from './loop_rig.js';
import { NO_LIMITS } from './motion/no_limits.js';

describe('The policy loop', () => {
  it('makes a chunk every actionSteps ticks, stamped with the tick, from the noise of its index', async () => {
    const rig = new Rig();
    rig.loop.start();
    await rig.periods(9);
    assert.deepEqual(rig.asked, [0, 1, 2]);
    assert.deepEqual(
      rig.trajectories.map(({ header }) => nanoseconds(header.stamp) - START),
      [0n, 4n * PERIOD, 8n * PERIOD],
    );
    assert.deepEqual(
      rig.chunks.map(({ chunk_id }) => chunk_id),
      [0n, 1n, 2n],
    );
    assert.equal(rig.loop.state, 'running');
    const report = rig.loop.statistics.report(0);
    assert.equal(report.ticks, 9);
    assert.equal(report.published, 3);
  });

  it('does nothing before it is started and after it is stopped', async () => {
    const rig = new Rig();
    await rig.periods(3);
    assert.deepEqual(rig.asked, []);
    rig.loop.start();
    await rig.periods(2);
    rig.loop.stop();
    const sent = rig.trajectories.length;
    await rig.periods(6);
    assert.equal(rig.trajectories.length, sent);
    assert.equal(rig.loop.state, 'stopped');
  });

  it('counts chunks from 0 again at each start', async () => {
    const rig = new Rig();
    for (let i = 0; i < 2; i++) {
      rig.loop.start();
      await rig.periods(5);
      rig.loop.stop();
      rig.nowNs += 1000n * MS;
    }
    assert.deepEqual(rig.asked, [0, 1, 0, 1]);
  });

  it('holds within 100 ms of a source being too old, and goes on by itself', async () => {
    const rig = new Rig();
    rig.loop.start();
    await rig.periods(2);
    const silentSince = rig.nowNs - PERIOD;
    while (rig.loop.state === 'running') {
      rig.nowNs += 5n * MS;
      await rig.poll();
    }
    assert.ok(rig.nowNs - silentSince - 105n * MS <= 100n * MS, `${rig.nowNs - silentSince}`);
    assert.equal(rig.loop.state, 'holding');
    assert.match(rig.loop.reason!, /^stale: joints/);
    const hold = rig.trajectories.at(-1)!;
    assertHold(hold);
    assert.equal(nanoseconds(hold.header.stamp), 0n);
    // It stands between the points of the chunk it ends: near 0.01 an action.
    assert.ok(
      hold.points.at(-1)!.positions[0]! > 0.03 && hold.points.at(-1)!.positions[0]! <= 0.0401,
    );
    await rig.periods(2);
    assert.equal(rig.loop.state, 'running');
    assert.equal(rig.faults.at(-1), undefined);
  });

  it('passes over one unusable message and holds at the second in a row', async () => {
    const rig = new Rig();
    rig.loop.start();
    await rig.periods(2);
    rig.loop.reject(0, 'NaN');
    assert.equal(rig.loop.state, 'running');
    await rig.periods(1);
    rig.loop.reject(0, 'NaN');
    rig.loop.reject(0, 'NaN');
    assert.equal(rig.loop.state, 'holding');
    assert.match(rig.loop.reason!, /unusable: NaN/);
    rig.nowNs += 300n * MS;
    await rig.poll();
    assert.match(
      rig.loop.reason!,
      /unusable: NaN/,
      'what follows from it does not hide the reason',
    );
    assert.equal(rig.loop.statistics.report(0).sources[0]!.dropped['unusable'], 3);
    await rig.periods(2);
    assert.equal(rig.loop.state, 'running');
  });

  for (const [what, action] of [
    ['NaN', [0.01, 0, NaN, 0, 0.03, 0, 0.04, 0]],
    ['Infinity', [0.01, 0, 0.02, 0, 0.03, 0, Infinity, 0]],
  ] as const) {
    it(`never sends ${what}`, async () => {
      const rig = new Rig();
      rig.loop.start();
      rig.action = () => [...action];
      await rig.periods(1);
      assert.deepEqual(rig.trajectories, []);
      assert.deepEqual(rig.chunks, []);
      assert.match(rig.loop.reason!, /chunk refused/);
      assert.equal(rig.loop.statistics.report(0).discarded['refused_by_a_guard'], 1);
    });
  }

  it('refuses a chunk beyond any limit, where it is told to', async () => {
    for (const limits of [
      { positionMax: [0.035, 1] },
      { positionMin: [0.02, -1] },
      { velocity: [0.19, 1] },
      { acceleration: [1, 10] },
      { jerk: [10, 1000] },
    ]) {
      const rig = new Rig({ limits: { ...NO_LIMITS, ...limits } });
      rig.loop.start();
      await rig.periods(1);
      assert.deepEqual(rig.trajectories, []);
      assert.match(rig.loop.reason!, /limit/);
    }
    const rig = new Rig({
      limits: { ...NO_LIMITS, positionMin: [0, 0], positionMax: [1, 1], velocity: [0.5, 1] },
    });
    rig.loop.start();
    await rig.periods(1);
    assert.equal(rig.trajectories.length, 1);
  });

  it('judges the speed towards the first point from where the joints are seen', async () => {
    const rig = new Rig({ limits: { ...NO_LIMITS, velocity: [1, 1] } });
    rig.loop.start();
    await rig.send({ joints: [-0.5, 0] });
    assert.match(rig.loop.reason!, /a would reach a velocity of \d\d\.\d+, its limit is 1/);
  });

  it('counts a chunk that is not ready when the next is due, and tries again at the next tick', async () => {
    const rig = new Rig();
    let open = (): void => undefined;
    rig.gate = new Promise((resolve) => (open = resolve));
    rig.loop.start();
    await rig.periods(6);
    assert.deepEqual(rig.asked, [0]);
    assert.equal(rig.loop.statistics.report(0).overruns, 2);
    open();
    await new Promise(setImmediate);
    await rig.periods(1);
    assert.deepEqual(rig.asked, [0, 1]);
  });

  it('never sends a chunk whose end is past', async () => {
    const rig = new Rig();
    let open = (): void => undefined;
    rig.gate = new Promise((resolve) => (open = resolve));
    rig.loop.start();
    await rig.periods(4);
    open();
    await new Promise(setImmediate);
    assert.deepEqual(rig.trajectories, []);
    assert.equal(rig.loop.statistics.report(0).discarded['over_before_it_was_ready'], 1);
  });

  it('begins the next chunk before the last one is over, by the time that chunks take', async () => {
    const rig = new Rig({ asynchronous: true, join: 'blend' });
    rig.loop.start();
    await rig.periods(7);
    // Four actions: one period for the trajectory, one at the end that should not be reached.
    assert.deepEqual(rig.asked, [0, 1, 2, 3]);
    const open = rig.holdBack();
    await rig.periods(3);
    assert.equal(rig.asked.length, 5);
    await open();
    await rig.periods(3);
    assert.deepEqual(
      rig.asked.slice(5),
      [5, 6, 7],
      'chunks took longer, so they are begun earlier',
    );
    assert.equal(rig.loop.statistics.report(0).holds, 0);
    const { points, header } = rig.trajectories[1]!;
    const startNs = nanoseconds(header.stamp) + nanoseconds(points[0]!.time_from_start);
    assert.ok(startNs < START + 4n * PERIOD, 'it begins while the first one still moves');
    assert.ok(points[0]!.velocities[0]! > 0.05);
  });

  it('tells a chunk what the one that is being executed says of the same time', async () => {
    const rig = new Rig({ asynchronous: true, join: 'rtc' });
    rig.loop.start();
    await rig.periods(5);
    assert.equal(rig.known[0], undefined, 'nothing is being executed yet');
    // Two periods later the last two of six rows are not known; the first is past.
    const { known, weight } = rig.known[2]!;
    assert.deepEqual([...known], [1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0]);
    assert.deepEqual([weight[0], weight[8], weight[11]], [1, 0, 0]);
    assert.ok(weight[2]! < 1 && weight[2]! > weight[4]! && weight[4]! > weight[6]!);
    rig.loop.reset('asked for');
    await rig.periods(2);
    assert.equal(rig.known.at(-1), undefined, 'after a hold it begins anew');
  });

  it('says nothing of what is known where chunks are joined otherwise, or follow each other', async () => {
    for (const settings of [
      { asynchronous: true, join: 'blend' },
      { asynchronous: false, join: 'rtc' },
    ] as const) {
      const rig = new Rig(settings);
      rig.loop.start();
      await rig.periods(5);
      assert.ok(rig.known.length > 1 && rig.known.every((known) => known === undefined));
    }
  });

  it('discards a chunk that was begun before a reset', async () => {
    const rig = new Rig();
    let open = (): void => undefined;
    rig.gate = new Promise((resolve) => (open = resolve));
    rig.loop.start();
    await rig.send();
    rig.loop.reset('asked for');
    open();
    await new Promise(setImmediate);
    assert.deepEqual(rig.chunks, []);
    assert.equal(rig.loop.statistics.report(0).discarded['begun_before_a_reset'], 1);
  });

  it('holds when the clock jumps back, and goes on with the new time', async () => {
    const rig = new Rig();
    rig.loop.start();
    await rig.periods(2);
    rig.nowNs = START - 10_000n * MS;
    await rig.poll();
    assert.equal(rig.loop.state, 'holding');
    assert.match(rig.loop.reason!, /jumped back/);
    await rig.periods(2);
    assert.equal(rig.loop.state, 'running');
    assert.equal(rig.loop.statistics.report(0).clockJumps, 1);
  });

  it('drops messages from the future and those too old when they come', async () => {
    const rig = new Rig();
    rig.loop.start();
    await rig.send({}, START + 1000n * MS);
    await rig.send({}, START - 200n * MS);
    const { dropped } = rig.loop.statistics.report(0).sources[0]!;
    assert.deepEqual(dropped, { stamped_in_the_future: 1, too_old_on_arrival: 1 });
    assert.deepEqual(rig.asked, []);
  });

  it('takes an old bag played on a live clock for stale, at once', async () => {
    const rig = new Rig();
    rig.loop.start();
    const began = performance.now();
    for (let i = 0n; i < 100n; i++) await rig.send({}, START - 10n ** 15n + i * PERIOD);
    assert.ok(performance.now() - began < 1000);
    assert.deepEqual(rig.asked, []);
    assert.match(rig.loop.statistics.report(0).sources[0]!.problem!, /ago/);
  });

  it('in shadow mode reports chunks but sends no trajectory, and no hold', async () => {
    const rig = new Rig({ shadow: true });
    rig.loop.start();
    await rig.periods(5);
    rig.loop.stop();
    assert.equal(rig.chunks.length, 2);
    assert.deepEqual(rig.trajectories, []);
  });

  it('stamps trajectories as it is told to', async () => {
    for (const [trajectoryStamp, expected] of [
      ['tick', START],
      ['publish', START + 20n * MS],
      ['zero', 0n],
    ] as const) {
      const rig = new Rig({ trajectoryStamp });
      let open = (): void => undefined;
      rig.gate = new Promise((resolve) => (open = resolve));
      rig.loop.start();
      await rig.send();
      rig.nowNs += 20n * MS;
      open();
      await new Promise(setImmediate);
      assert.equal(nanoseconds(rig.trajectories[0]!.header.stamp), expected);
      assert.equal(nanoseconds(rig.chunks[0]!.header.stamp), START);
    }
  });

  it('says that inference failed and tries again', async () => {
    const rig = new Rig();
    rig.action = (index) => {
      if (index === 0) throw new Error('the thread is gone');
      return [0.01, 0, 0.02, 0, 0.03, 0, 0.04, 0];
    };
    rig.loop.start();
    await rig.send();
    assert.match(rig.loop.reason!, /inference failed: the thread is gone/);
    rig.nowNs += PERIOD;
    await rig.periods(2);
    assert.equal(rig.loop.state, 'running');
  });

  it('waits for a message that is on its way, but not longer than it takes', async () => {
    const rig = new Rig();
    rig.loop.start();
    // The second source comes 12 ms after its stamp, at the rate of the ticks.
    for (let i = 0; i < 9; i++) {
      const tick = rig.nowNs;
      await rig.send({ extra: null }, tick);
      rig.nowNs = tick + 12n * MS;
      await rig.send({ joints: null }, tick);
      rig.nowNs = tick + PERIOD;
    }
    assert.equal(rig.chunks.length, 3);
    // Every chunk used the late message of its own tick.
    const delay = rig.loop.statistics.report(0).tickDelay!;
    assert.ok(delay.p99 <= 12.5 && delay.p50 >= 11.5, JSON.stringify(delay));
    // Then it stops: the tick does not wait for it any longer than usual.
    await rig.send({ extra: null });
    const wake = rig.loop.poll();
    assert.ok(wake - rig.nowNs <= 14n * MS, `${wake - rig.nowNs}`);
  });
});
