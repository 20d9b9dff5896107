import assert from 'node:assert/strict';
import fc from 'fast-check';
import { objectionToJointTrajectory } from '../../../src/control/check_joint_trajectory.js';
import type { TrajectorySpec } from '../../../src/control/joint_trajectory.js';
import {
  MotionExecutor,
  type MotionSettings,
} from '../../../src/control/motion/motion_executor.js';
import type { JointState } from '../../../src/control/motion/quintic.js';
import { nanoseconds, type JointTrajectory } from '../../../src/control/ros_messages.js';
import { PLAIN_SETTINGS as SETTINGS } from './plain_settings.js';
import { QuinticController } from './quintic_controller.js';

const MS = 1_000_000n;
const TICK = 10_000n * MS;
const SPEC: TrajectorySpec = { jointNames: ['a', 'b'], rateHz: 20, mode: 'absolute' };
const RAMP = Float32Array.of(0.1, 0, 0.2, 0, 0.3, 0, 0.4, 0);

function rig(positions = [0, 0]): {
  executor: MotionExecutor;
  controller: QuinticController;
  sent: JointTrajectory[];
  at: { now: bigint };
} {
  const at = { now: TICK };
  const sent: JointTrajectory[] = [];
  const controller = new QuinticController(positions);
  const executor = new MotionExecutor((trajectory) => {
    sent.push(trajectory);
    controller.accept(trajectory, at.now);
  });
  return { executor, controller, sent, at };
}

describe('MotionExecutor', () => {
  it('has every joint at its target at the time that is meant, and at rest at the end', () => {
    const { executor, controller, sent } = rig();
    const verdict = executor.command(RAMP, SPEC, TICK, TICK, [0, 0], SETTINGS);
    assert.deepEqual(verdict, { kind: 'sent', clamped: 0, stretch: 1 });
    for (let j = 0; j < 4; j++) {
      const [[position]] = controller.at(TICK + BigInt(j + 1) * 50n * MS) as [JointState];
      assert.ok(Math.abs(position - 0.1 * (j + 1)) < 1e-7);
    }
    assert.equal(objectionToJointTrajectory(sent[0]!, SPEC.jointNames), undefined);
    assert.ok(nanoseconds(sent[0]!.points[0]!.time_from_start) > 0n);
    assert.deepEqual(sent[0]!.points.at(-1)!.velocities, [0, 0]);
  });

  it('goes from one chunk to the next without a step', () => {
    const { executor, controller, at } = rig();
    executor.command(RAMP, SPEC, TICK, at.now, [0, 0], SETTINGS);
    at.now = TICK + 113n * MS;
    const before = [0n, 5n, 9n].map((ms) => controller.at(at.now + ms * MS));
    const other = RAMP.map((value) => value + 0.07);
    executor.command(other, SPEC, TICK + 100n * MS, at.now, [0.2, 0], SETTINGS);
    [0n, 5n, 9n].forEach((ms, i) => {
      controller.at(at.now + ms * MS).forEach((state, joint) => {
        state.forEach((value, part) => {
          const scale = [1e-6, 1e-4, 1e-1][part]!;
          assert.ok(Math.abs(value - before[i]![joint]![part]!) < scale, `${ms} ${part}`);
        });
      });
    });
    const [[position]] = controller.at(TICK + 300n * MS) as [JointState];
    assert.ok(Math.abs(position - 0.47) < 1e-6);
  });

  it('sends a point for every step of the output where that is asked for, on the same way', () => {
    const [few, many] = [0, 0.01].map((outputStepS) => {
      const made = rig();
      made.executor.command(RAMP, SPEC, TICK, TICK, [0, 0], { ...SETTINGS, outputStepS });
      return made;
    });
    assert.ok(many!.sent[0]!.points.length >= 20 && few!.sent[0]!.points.length === 5);
    for (let ms = 10n; ms <= 200n; ms += 3n) {
      const [one, other] = [few!, many!].map(({ controller }) => controller.at(TICK + ms * MS));
      one!.forEach(([p], joint) => assert.ok(Math.abs(p - other![joint]![0]) < 1e-9));
    }
  });

  it('says where the joints shall be, until they rest', () => {
    const { executor, controller } = rig();
    assert.equal(executor.positionsAt(TICK), undefined);
    assert.equal(executor.endNs, undefined);
    executor.command(RAMP, SPEC, TICK, TICK, [0, 0], SETTINGS);
    for (const ms of [10n, 55n, 170n, 500n]) {
      const wanted = controller.at(TICK + ms * MS).map(([position]) => position);
      executor
        .positionsAt(TICK + ms * MS)!
        .forEach((position, joint) => assert.ok(Math.abs(position - wanted[joint]!) < 1e-6));
    }
    assert.equal(executor.endNs, TICK + 200n * MS);
  });

  it('says when all actions are past, and what is no number, and sends neither', () => {
    const { executor, sent } = rig();
    const late = executor.command(RAMP, SPEC, TICK, TICK + 190n * MS, [0, 0], SETTINGS);
    assert.equal(late.kind, 'over');
    const wild = Float32Array.from(RAMP);
    wild[3] = NaN;
    const refused = executor.command(wild, SPEC, TICK, TICK, [0, 0], SETTINGS);
    assert.deepEqual(refused, {
      kind: 'refused',
      cause: 'invalid_chunk',
      objection: 'an action has b at NaN',
    });
    assert.equal(sent.length, 0);
  });

  it('refuses what leaves a limit instead of keeping it there, if told so', () => {
    const limits = { ...SETTINGS.limits, positionMax: [0.25, 1] };
    const kept = rig();
    const saturated = kept.executor.command(RAMP, SPEC, TICK, TICK, [0, 0], {
      ...SETTINGS,
      limits,
    });
    assert.deepEqual(saturated, { kind: 'sent', clamped: 2, stretch: 1 });
    assert.ok(kept.controller.at(TICK + 200n * MS)[0]![0] <= 0.25 + 1e-9);
    const { executor, sent } = rig();
    const settings = { ...SETTINGS, limits, onLimit: 'refuse' } as const;
    assert.deepEqual(executor.command(RAMP, SPEC, TICK, TICK, [0, 0], settings), {
      kind: 'refused',
      cause: 'limit',
      objection: 'a would reach a position max of 0.3000, its limit is 0.25',
    });
    assert.equal(sent.length, 0);
  });

  it('starts from where the robot stands when it was moved, else from what it was told', () => {
    const { executor, sent } = rig();
    executor.command(RAMP, SPEC, TICK, TICK, [0, 0], SETTINGS);
    const later = TICK + 10_000n * MS;
    const start = (seen: number[]): number => {
      executor.command(RAMP, SPEC, later, later, seen, SETTINGS);
      executor.hold(later, SETTINGS);
      return sent.at(-2)!.points[0]!.positions[0]!;
    };
    assert.ok(Math.abs(start([0.39, 0]) - 0.4) < 1e-6, 'the lag of a controller');
    const elsewhere = rig();
    elsewhere.executor.command(RAMP, SPEC, later, later, [0.7, 0], SETTINGS);
    assert.ok(Math.abs(elsewhere.sent[0]!.points[0]!.positions[0]! - 0.7) < 1e-6);
  });

  it('does not take a robot that is still on its way for one that was moved', () => {
    for (const mode of ['absolute', 'delta'] as const) {
      const { executor, controller, at } = rig();
      const spec = { ...SPEC, mode };
      executor.command(RAMP, spec, TICK, TICK, [0, 0], SETTINGS);
      // The motion is over, and the robot is not there yet.
      at.now = TICK + 450n * MS;
      const before = controller.at(at.now + 4n * MS);
      executor.command(RAMP, spec, at.now, at.now, [0.2, 0], SETTINGS);
      controller.at(at.now + 4n * MS).forEach(([position], joint) => {
        assert.ok(Math.abs(position - before[joint]![0]) < 1e-6, mode);
      });
    }
  });

  it('leaves the way to the first target to the controller where a joint is not observed', () => {
    const { executor, sent } = rig();
    executor.command(RAMP, SPEC, TICK, TICK, [0, undefined], SETTINGS);
    assert.equal(nanoseconds(sent[0]!.points[0]!.time_from_start), 50n * MS);
  });

  it('adds up the changes of a delta policy from where the joints are seen', () => {
    const { executor, sent } = rig([1, 2]);
    const delta = { ...SPEC, mode: 'delta' } as const;
    executor.command(Float32Array.of(0.1, 0, 0.1, 0), delta, TICK, TICK, [1, 2], SETTINGS);
    assert.ok(Math.abs(sent[0]!.points.at(-1)!.positions[0]! - 1.2) < 1e-6);
  });

  it('holds on the way, smoothly, once', () => {
    const { executor, controller, sent, at } = rig();
    executor.command(RAMP, SPEC, TICK, TICK, [0, 0], SETTINGS);
    at.now = TICK + 60n * MS;
    const speed = controller.at(at.now)[0]![1];
    assert.ok(executor.hold(at.now, SETTINGS));
    assert.equal(nanoseconds(sent.at(-1)!.header.stamp), 0n);
    assert.ok(Math.abs(controller.at(at.now)[0]![1] - speed) < 1e-6);
    const [[position, velocity]] = controller.at(at.now + 110n * MS) as [JointState];
    assert.equal(velocity, 0);
    assert.ok(position > 0.13 && position < 0.3, `${position}`);
    assert.equal(executor.hold(at.now, SETTINGS), false);
  });

  it('has no step, leaves no limit and sends only what a controller accepts, whatever comes', () => {
    const limits = {
      positionMin: [-1, -1],
      positionMax: [1, 1.5],
      velocity: [2, 3],
      acceleration: [15, 20],
      jerk: [1000, 1500],
    };
    const value = fc.oneof(
      { weight: 6, arbitrary: fc.float({ min: -2, max: 2, noNaN: true }) },
      { weight: 1, arbitrary: fc.float() },
    );
    const step = fc.record({
      values: fc.array(value, { minLength: 8, maxLength: 8 }),
      lateMs: fc.integer({ min: 0, max: 250 }),
      ticks: fc.integer({ min: 0, max: 6 }),
      holds: fc.boolean(),
    });
    const modes = fc.constantFrom('replace', 'blend', 'ensemble');
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), modes, fc.boolean(), (steps, join, dense) => {
        const { executor, controller, sent, at } = rig();
        const settings: MotionSettings = {
          ...SETTINGS,
          limits,
          join: join as 'replace',
          smoothingS: 0.03,
          outputStepS: dense ? 0.01 : 0,
        };
        let tick = TICK;
        const check = (toNs: bigint): void => {
          for (; at.now < toNs; at.now += MS) {
            controller.at(at.now).forEach(([p, v, a], joint) => {
              assert.ok(p <= limits.positionMax[joint]! + 1e-6);
              assert.ok(p >= limits.positionMin[joint]! - 1e-6);
              assert.ok(Math.abs(v) <= limits.velocity[joint]! * 1.001, `${v}`);
              assert.ok(Math.abs(a) <= limits.acceleration[joint]! * 1.01, `${a}`);
            });
          }
        };
        for (const { values, lateMs, ticks, holds } of steps) {
          tick += BigInt(ticks) * 50n * MS;
          check(tick + BigInt(lateMs) * MS);
          const seen = controller.at(at.now).map(([p]) => p);
          executor.command(Float32Array.from(values), SPEC, tick, at.now, seen, settings);
          if (holds) executor.hold(at.now, settings);
        }
        check(at.now + 1000n * MS);
        for (const trajectory of sent) {
          assert.equal(objectionToJointTrajectory(trajectory, SPEC.jointNames), undefined);
        }
      }),
      { numRuns: 500 },
    );
  });
});
