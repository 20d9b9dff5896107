import assert from 'node:assert/strict';
import fc from 'fast-check';
import { objectionToJointTrajectory } from '../../src/control/check_joint_trajectory.js';
import { CommandedMotion, type MotionSettings } from '../../src/control/commanded_motion.js';
import { positionsAt } from '../../src/control/hold_trajectory.js';
import type { TrajectorySpec } from '../../src/control/joint_trajectory.js';
import { nanoseconds, type JointTrajectory } from '../../src/control/ros_messages.js';

const MS = 1_000_000n;
const PERIOD = 50n * MS;
const TICK = 10_000n * MS;
const SPEC: TrajectorySpec = { jointNames: ['a', 'b'], rateHz: 20, mode: 'absolute' };
const SETTINGS: MotionSettings = {
  shadow: false,
  trajectoryStamp: 'tick',
  limits: { positionMin: [], positionMax: [], velocity: [] },
};

describe('CommandedMotion', () => {
  const rig = (): { motion: CommandedMotion; sent: JointTrajectory[] } => {
    const sent: JointTrajectory[] = [];
    return { motion: new CommandedMotion((trajectory) => sent.push(trajectory)), sent };
  };
  const ramp = Float32Array.of(0.1, 0, 0.2, 0, 0.3, 0, 0.4, 0);

  it('knows where the joints are told to be, before, between and after the points', () => {
    const { motion, sent } = rig();
    motion.command(ramp, SPEC, TICK, TICK, [0, 0], SETTINGS);
    const known = { trajectory: sent[0]!, startNs: TICK, startPositions: [0, undefined] };
    const at = (ms: bigint): readonly number[] => positionsAt(known, TICK + ms * MS);
    assert.equal(at(-10n)[0], 0);
    assert.ok(Math.abs(at(25n)[0]! - 0.05) < 1e-6);
    assert.equal(at(25n)[1], 0, 'where the start is not known, the first point counts');
    assert.ok(Math.abs(at(125n)[0]! - 0.25) < 1e-6);
    assert.ok(Math.abs(at(500n)[0]! - 0.4) < 1e-6);
  });

  it('holds on the path, a period ahead, at rest, from now on', () => {
    const { motion, sent } = rig();
    motion.command(ramp, SPEC, TICK, TICK, [0, 0], SETTINGS);
    assert.ok(motion.hold(TICK + 75n * MS, PERIOD));
    const hold = sent.at(-1)!;
    assert.equal(nanoseconds(hold.header.stamp), 0n);
    assert.equal(hold.points.length, 1);
    assert.equal(nanoseconds(hold.points[0]!.time_from_start), PERIOD);
    assert.ok(Math.abs(hold.points[0]!.positions[0]! - 0.25) < 1e-6);
    assert.deepEqual(hold.points[0]!.velocities, [0, 0]);
    assert.equal(objectionToJointTrajectory(hold, SPEC.jointNames), undefined);
  });

  it('holds at the last point near the end, and not at all once a motion is over', () => {
    const { motion, sent } = rig();
    motion.command(ramp, SPEC, TICK, TICK, [0, 0], SETTINGS);
    assert.ok(motion.hold(TICK + 199n * MS, PERIOD));
    assert.ok(Math.abs(sent.at(-1)!.points[0]!.positions[0]! - 0.4) < 1e-6);
    assert.equal(motion.hold(TICK + 199n * MS, PERIOD), false, 'a second time');
    motion.command(ramp, SPEC, TICK, TICK, [0, 0], SETTINGS);
    assert.equal(motion.hold(TICK + 200n * MS, PERIOD), false);
    assert.equal(sent.length, 3);
  });

  it('holds the old motion where a new one was refused', () => {
    const { motion, sent } = rig();
    motion.command(ramp, SPEC, TICK, TICK, [0, 0], SETTINGS);
    const wild = Float32Array.from(ramp, (value) => value * NaN);
    const now = TICK + 100n * MS;
    assert.equal(motion.command(wild, SPEC, now, now, [0, 0], SETTINGS).kind, 'refused');
    assert.ok(motion.hold(now, PERIOD));
    assert.ok(Math.abs(sent.at(-1)!.points[0]!.positions[0]! - 0.3) < 1e-6);
  });

  it('starts a delta policy from where the joints are', () => {
    const { motion, sent } = rig();
    const delta = { ...SPEC, mode: 'delta' } as const;
    motion.command(Float32Array.of(0.1, 0, 0.1, 0), delta, TICK, TICK, [1, 2], SETTINGS);
    assert.ok(Math.abs(sent[0]!.points[1]!.positions[0]! - 1.2) < 1e-6);
  });

  it('judges a late chunk by the time that is left for its next point, but half a period at least', () => {
    const limits = { positionMin: [], positionMax: [], velocity: [3.5, 1] };
    const command = (lateMs: bigint): string => {
      const settings = { ...SETTINGS, limits };
      return rig().motion.command(ramp, SPEC, TICK, TICK + lateMs * MS, [0, 0], settings).kind;
    };
    // 0.1 rad in 50 ms are 2 rad/s, in 25 ms 4 rad/s.
    assert.equal(command(0n), 'sent');
    assert.equal(command(20n), 'sent');
    assert.equal(command(25n), 'refused');
    assert.equal(command(49n), 'refused');
  });

  it('takes limits of one kind only, and allows what lies on them', () => {
    const limits = { positionMin: [0, 0], positionMax: [0.4, 0], velocity: [] };
    const { motion } = rig();
    const verdict = motion.command(ramp, SPEC, TICK, TICK, [0, 0], { ...SETTINGS, limits });
    assert.equal(verdict.kind, 'sent');
  });

  it('sends nothing but what is finite, within limits, legal and not over, whatever comes', () => {
    const value = fc.oneof(
      { weight: 6, arbitrary: fc.float({ min: -2, max: 2, noNaN: true }) },
      { weight: 1, arbitrary: fc.float() },
      { weight: 1, arbitrary: fc.constantFrom(NaN, Infinity, -Infinity, 3.4e38, -0) },
    );
    const limits = { positionMin: [-1, -1], positionMax: [1, 1.5], velocity: [15, 40] };
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 8, maxLength: 8 }),
        fc.bigInt({ min: -100n, max: 400n }),
        fc.boolean(),
        (values, lateMs, known) => {
          const { motion, sent } = rig();
          const now = TICK + lateMs * MS;
          const start = known ? [0, 0] : [undefined, undefined];
          const settings = { ...SETTINGS, limits };
          const action = Float32Array.from(values);
          const { kind } = motion.command(action, SPEC, TICK, now, start, settings);
          assert.equal(sent.length, kind === 'sent' ? 1 : 0);
          if (kind !== 'sent') return;
          assert.equal(objectionToJointTrajectory(sent[0]!, SPEC.jointNames), undefined);
          assert.ok(lateMs < 200n);
          let before: (number | undefined)[] = lateMs > 0n ? [undefined, undefined] : start;
          for (const { positions, velocities, time_from_start: time } of sent[0]!.points) {
            // What is past is left out by the controller.
            if (nanoseconds(time) <= lateMs * MS) continue;
            for (const a of [0, 1]) {
              assert.ok(Math.abs(positions[a]!) <= limits.positionMax[a]! + 1e-4);
              assert.ok(positions[a]! >= -1 - 1e-4);
              assert.ok(Math.abs(velocities[a]!) <= limits.velocity[a]! * (1 + 1e-4));
              const from = before[a];
              if (from === undefined) continue;
              assert.ok(Math.abs(positions[a]! - from) * 20 <= limits.velocity[a]! * 1.0001);
            }
            before = [...positions];
          }
        },
      ),
      { numRuns: 3000 },
    );
  });
});
