import assert from 'node:assert/strict';
import { FAULT_STATUS, type FaultStatus, inputFault } from '../../src/control/fault_status.js';
import type { LoopSettings } from '../../src/control/loop_interfaces.js';
import { nanoseconds } from '../../src/control/ros_messages.js';
import { MS, Rig, assertHold } from './loop_rig.js';
import { NO_LIMITS } from './motion/no_limits.js';

/** A way to make a robot that moves stop. */
interface Scenario {
  readonly status: FaultStatus;
  readonly settings?: Partial<LoopSettings>;
  readonly bring: (rig: Rig) => Promise<void> | void;
}

const SCENARIOS: readonly Scenario[] = [
  {
    status: 'stale_input',
    bring: async (rig) => {
      await rig.pass(106n * MS);
      await rig.poll();
    },
  },
  {
    status: 'unusable_input',
    bring: (rig) => {
      rig.loop.reject(0, 'NaN');
      rig.loop.reject(0, 'NaN');
    },
  },
  {
    status: 'overrun',
    bring: async (rig) => {
      rig.holdBack();
      await rig.periods(8);
    },
  },
  {
    status: 'invalid_chunk',
    bring: async (rig) => {
      rig.action = () => [NaN, 0, 0, 0, 0, 0, 0, 0];
      await rig.periods(4);
    },
  },
  {
    status: 'limit',
    settings: { limits: { ...NO_LIMITS, positionMax: [1, 1] } },
    bring: async (rig) => {
      rig.action = () => [0.01, 0, 2, 0, 0, 0, 0, 0];
      await rig.periods(4);
    },
  },
  {
    status: 'inference_failed',
    bring: async (rig) => {
      rig.action = () => {
        throw new Error('out of memory');
      };
      await rig.periods(4);
    },
  },
  {
    status: 'worker_lost',
    bring: (rig) => rig.loop.reset('the inference thread ended', 'worker_lost'),
  },
  {
    status: 'clock_jump',
    bring: async (rig) => {
      rig.nowNs -= 10_000n * MS;
      await rig.poll();
    },
  },
  { status: 'reset', bring: (rig) => rig.loop.reset('asked for') },
];

describe('A fault of the policy loop', () => {
  for (const { status, settings, bring } of SCENARIOS) {
    it(`holds the robot and says why, once: ${status}`, async () => {
      const rig = new Rig(settings);
      rig.loop.start();
      await rig.periods(2);
      assert.equal(rig.loop.status, 'ok');
      assert.equal(rig.chunks.at(-1)!.status, FAULT_STATUS.ok);
      await bring(rig);
      assert.equal(rig.loop.state, 'holding');
      assert.equal(rig.loop.status, status);
      const said = rig.chunks.filter((chunk) => chunk.status === FAULT_STATUS[status]);
      assert.equal(said.length, 1);
      assert.deepEqual([said[0]!.n_actions, said[0]!.actions], [0, []]);
      assert.ok(nanoseconds(said[0]!.header.stamp) > 0n);
      // It brakes, unless what it was told ends at rest by itself by then.
      const last = rig.trajectories.at(-1)!;
      assert.deepEqual(last.points.at(-1)!.velocities, [0, 0]);
      const ends = last.points.at(-1)!.time_from_start;
      const isOver = nanoseconds(last.header.stamp) + nanoseconds(ends) <= rig.nowNs;
      if (!isOver) assertHold(last);
    });
  }

  it('is not said again while it lasts, and what can act again says so by a chunk', async () => {
    const rig = new Rig();
    rig.loop.start();
    await rig.periods(2);
    for (let i = 0; i < 50; i++) {
      rig.nowNs += 10n * MS;
      await rig.poll();
    }
    assert.deepEqual(
      rig.chunks.map(({ status }) => status),
      [FAULT_STATUS.ok, FAULT_STATUS.stale_input],
    );
    await rig.periods(2);
    assert.equal(rig.chunks.at(-1)!.status, FAULT_STATUS.ok);
    assert.equal(rig.loop.status, 'ok');
  });

  it('before the first chunk is none: the robot was not moved, and is not held', async () => {
    const rig = new Rig();
    rig.loop.start();
    rig.loop.reset('asked for');
    await rig.poll();
    assert.equal(rig.loop.state, 'waiting');
    assert.deepEqual(rig.chunks, []);
    assert.deepEqual(rig.trajectories, []);
  });

  it('that somebody has to look at keeps the robot held until it is said that it may go on', async () => {
    const rig = new Rig({ manualRecovery: ['stale_input'] });
    rig.loop.start();
    await rig.periods(2);
    await rig.pass(106n * MS);
    await rig.poll();
    assert.ok(rig.loop.needsRecovery);
    const asked = rig.asked.length;
    await rig.periods(8);
    // What follows from it, or comes beside it, does not hide it.
    rig.loop.reset('asked for');
    assert.equal(rig.loop.status, 'stale_input');
    assert.equal(rig.asked.length, asked, 'no chunk is made');
    assert.equal(rig.loop.recover(), true);
    assert.equal(rig.loop.recover(), false);
    await rig.periods(2);
    assert.equal(rig.loop.state, 'running');
    assert.equal(rig.asked.length, asked + 1);
  });

  it('that waits for somebody ends when the node is activated anew', async () => {
    const rig = new Rig({ manualRecovery: ['reset'] });
    rig.loop.start();
    await rig.periods(2);
    rig.loop.reset('asked for');
    rig.loop.stop();
    assert.equal(rig.loop.status, 'ok');
    rig.loop.start();
    await rig.periods(2);
    assert.equal(rig.loop.state, 'running');
  });

  it('of its own is that chunk after chunk leaves the limits', async () => {
    const rig = new Rig({
      limitStormChunks: 3,
      manualRecovery: ['limit_storm'],
      onLimit: 'saturate',
      limits: { ...NO_LIMITS, positionMax: [0.035, 1] },
    });
    rig.loop.start();
    await rig.periods(8);
    assert.equal(rig.loop.state, 'running', 'two chunks were clamped');
    assert.equal(rig.loop.statistics.report(0).clampedChunks, 2);
    await rig.periods(1);
    assert.equal(rig.loop.status, 'limit_storm');
    assert.match(rig.loop.reason!, /3 chunks in a row/);
    rig.loop.recover();
    rig.action = () => [0.01, 0, 0.01, 0, 0.01, 0, 0.01, 0];
    await rig.periods(12);
    assert.equal(rig.loop.state, 'running');
  });

  it('of limits is over with the first chunk that keeps them', async () => {
    const rig = new Rig({
      limitStormChunks: 3,
      onLimit: 'saturate',
      limits: { ...NO_LIMITS, positionMax: [0.035, 1] },
    });
    rig.action = (index) =>
      index % 3 === 2 ? Array<number>(8).fill(0) : [0.01, 0, 0, 0, 0, 0, 0.04, 0];
    rig.loop.start();
    await rig.periods(60);
    assert.equal(rig.loop.state, 'running');
    assert.equal(rig.loop.statistics.report(0).holds, 0);
  });
});

describe('inputFault', () => {
  it('knows every reason for which nothing can be observed', () => {
    const kinds = {
      'missing: joints': 'missing_input',
      'stale: joints 300 ms old': 'stale_input',
      'ahead: joints 900 ms in the future': 'unusable_input',
      'unpaired: joints 60 ms apart': 'stale_input',
      'no time: use_sim_time is set and nothing came on /clock': 'no_clock',
    };
    for (const [reason, status] of Object.entries(kinds)) {
      assert.deepEqual(inputFault(reason), { status, reason });
    }
  });
});
