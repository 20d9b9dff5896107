import assert from 'node:assert/strict';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { objectionToJointTrajectory } from '../../../src/control/check_joint_trajectory.js';
import type { TrajectorySpec } from '../../../src/control/joint_trajectory.js';
import type { JoinMode } from '../../../src/control/motion/joined_targets.js';
import {
  MotionExecutor,
  type MotionSettings,
} from '../../../src/control/motion/motion_executor.js';
import { noExtremes, quintic, reach } from '../../../src/control/motion/quintic.js';
import { QuinticController, type Knot } from './quintic_controller.js';

const MS = 1_000_000n;
const SPEC: TrajectorySpec = {
  jointNames: ['shoulder', 'elbow', 'gripper'],
  rateHz: 20,
  mode: 'absolute',
};
const LIMITS = {
  positionMin: [-2, -1, 0],
  positionMax: [2, 3, 0.04],
  velocity: [2, 3, 0.2],
  acceleration: [15, 20, 5],
  jerk: [1500, 2500, 500],
};
const DISCRETE = [false, false, true];
const ACTIONS = 8;
/** Bounds of quintics are a little wide, and times are whole nanoseconds. */
const SLACK = 1.001;
const HOSTILE = [NaN, Infinity, -Infinity, 3.4e38, -3.4e38, 1e-45, 0, -0, 1e9];

/** What became of them, by kind. */
export interface WildResult {
  readonly kinds: Record<string, number>;
  readonly slowed: number;
  readonly clamped: number;
  readonly holds: number;
}

/**
 * Sends random and hostile chunks through an executor: early, late, on top of each other, between holds and jumps of
 * the clock. Asserts of every trajectory that joint_trajectory_controller accepts it, and of the motion that it makes
 * of it, from the state in which it is, that it keeps every limit.
 */
export function sendWildChunks(count: number, seed: number): WildResult {
  const generator = xoroshiro128plus(seed);
  const random = (): number => (generator.next() >>> 0) / 2 ** 32;
  const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)]!;
  const controller = new QuinticController([0, 0, 0]);
  let now = 1_000_000n * MS;
  const executor = new MotionExecutor((trajectory) => {
    assert.equal(objectionToJointTrajectory(trajectory, SPEC.jointNames), undefined);
    controller.accept(trajectory, now);
    assert.equal(
      controller.knots.length,
      1 + trajectory.points.length,
      'all points are ahead of now',
    );
    assertWithinLimits(controller.knots);
  });
  const kinds: Record<string, number> = {};
  let [slowed, clamped, holds] = [0, 0, 0];
  let tick = now;
  for (let i = 0; i < count; i++) {
    const settings: MotionSettings = {
      shadow: false,
      trajectoryStamp: pick(['tick', 'publish', 'zero']),
      join: pick<JoinMode>(['replace', 'blend', 'ensemble', 'rtc']),
      smoothingS: pick([0, 0.02, 0.05, 0.2]),
      limits: LIMITS,
      onLimit: random() < 0.9 ? 'saturate' : 'refuse',
      discreteJoints: ['gripper'],
      outputStepS: pick([0, 0, 0.01, 0.004]),
      leadNs: pick([1n, 5n, 10n, 40n]) * MS,
      stopS: pick([0.05, 0.1, 0.5]),
    };
    tick += BigInt(Math.floor(random() * 9)) * 50n * MS;
    const late = tick + BigInt(Math.floor(random() * random() * 450)) * MS;
    if (late > now) now = late;
    const seen = controller.at(now).map(([position]) => position);
    const verdict = executor.command(chunk(random, pick), SPEC, tick, now, seen, settings);
    kinds[verdict.kind] = (kinds[verdict.kind] ?? 0) + 1;
    if (verdict.kind === 'sent') {
      if (verdict.stretch > 1) slowed++;
      if (verdict.clamped > 0) clamped++;
    }
    if (random() < 0.05) {
      now += BigInt(Math.floor(random() * 200)) * MS;
      if (executor.hold(now, settings)) holds++;
    }
    if (random() < 0.001) {
      executor.hold(now, settings);
      now += 3_000n * MS;
      executor.forget();
    }
    if (tick < now) tick = now - (now % (50n * MS));
  }
  return { kinds, slowed, clamped, holds };
}

function chunk(random: () => number, pick: <T>(all: readonly T[]) => T): Float32Array {
  const kind = pick(['walk', 'walk', 'walk', 'noise', 'jump', 'zigzag', 'still', 'hostile']);
  const middle = SPEC.jointNames.map(() => (random() - 0.5) * 5);
  const step = SPEC.jointNames.map(() => (random() - 0.5) * 0.2);
  return Float32Array.from({ length: ACTIONS * middle.length }, (_, i) => {
    const [joint, j] = [i % middle.length, Math.floor(i / middle.length)];
    if (kind === 'walk') return middle[joint]! * 0.3 + step[joint]! * j;
    if (kind === 'noise') return (random() - 0.5) * 8;
    if (kind === 'jump') return j < 4 ? middle[joint]! : -middle[joint]!;
    if (kind === 'zigzag') return j % 2 === 0 ? 100 : -100;
    if (kind === 'hostile' && random() < 0.1) return pick(HOSTILE);
    return middle[joint]!;
  });
}

/** That a controller which took a trajectory keeps every limit on all of its way. */
function assertWithinLimits(knots: readonly Knot[]): void {
  for (let i = 1; i < knots.length; i++) {
    const [from, to] = [knots[i - 1]!, knots[i]!];
    const h = Number(to.timeNs - from.timeNs) / 1e9;
    from.states.forEach((state, joint) => {
      const reached = noExtremes();
      reach(quintic(state, to.states[joint]!, h), h, reached);
      const beyond = Math.max(
        reached.positionMax - LIMITS.positionMax[joint]!,
        LIMITS.positionMin[joint]! - reached.positionMin,
      );
      assert.ok(beyond <= (DISCRETE[joint] ? 1e-4 : 1e-9), `position ${beyond}`);
      if (DISCRETE[joint]) return;
      for (const kind of ['velocity', 'acceleration', 'jerk'] as const) {
        const [value, limit] = [reached[kind], LIMITS[kind][joint]!];
        assert.ok(value <= limit * SLACK, `${kind} ${value}, knot ${i} of ${knots.length}`);
      }
    });
  }
}
