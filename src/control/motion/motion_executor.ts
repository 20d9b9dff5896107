import { isDeepStrictEqual } from 'node:util';
import { objectionToJointTrajectory } from '../check_joint_trajectory.js';
import { targetPositions, type TrajectorySpec } from '../joint_trajectory.js';
import type { JointTrajectory } from '../ros_messages.js';
import { brake } from './brake.js';
import { JoinedTargets, type JoinMode } from './joined_targets.js';
import type { MotionLimits, Violation } from './motion_limits.js';
import { motionMessage } from './motion_message.js';
import { atRest, type JointStates, MotionPath } from './motion_path.js';
import { planMotion, type MotionShape, type Targets } from './plan_motion.js';
import type { JointState } from './quintic.js';

/** How chunks become motion; may change between two of them. */
export interface MotionSettings {
  /** Whether trajectories are kept back. */
  readonly shadow: boolean;
  /** Header stamp of trajectories: the control tick, the time of publication, or 0 for "start now". */
  readonly trajectoryStamp: 'tick' | 'publish' | 'zero';
  readonly join: JoinMode;
  /** Time constant of the smoothing, s; 0: every target is met. */
  readonly smoothingS: number;
  readonly limits: MotionLimits;
  /** What is done with a chunk that leaves the limits: it is kept within them, or not executed. */
  readonly onLimit: 'saturate' | 'refuse';
  /** Names of joints that jump from target to target. */
  readonly discreteJoints: readonly string[];
  /** Time between the points of a trajectory, s; 0: a point for each action. */
  readonly outputStepS: number;
  /** How far ahead of now a new motion begins, ns: until then a controller is on the old one. */
  readonly leadNs: bigint;
  /** Time in which a motion that shall end comes to rest, s; longer where limits need it. */
  readonly stopS: number;
}

/** What became of a chunk's actions. */
export type MotionVerdict =
  /** `clamped`: positions moved to a limit; `stretch`: how much slower than wanted it is. */
  | { readonly kind: 'sent'; readonly clamped: number; readonly stretch: number }
  /** All of its actions are past. */
  | { readonly kind: 'over' }
  /** Not executed; the motion before goes on to its end. */
  | {
      readonly kind: 'refused';
      readonly cause: 'invalid_chunk' | 'limit';
      readonly objection: string;
    };

/** A joint that stands further than this from where it was told to be was moved by somebody else; rad or m. */
const ELSEWHERE = 0.05;
/** So long after its motion a robot may still be on the way there, ns: nobody moved it. */
const LAG_NS = 500_000_000n;
const TOLERANCE_S = 1e-6;

interface Commanded {
  readonly path: MotionPath;
  /** ROS time at which it begins, ns. */
  readonly startNs: bigint;
  readonly jointNames: readonly string[];
}

/**
 * Turns chunks into one motion without steps of position, velocity or acceleration: each begins in the state in which
 * the one before is at that time, and every motion that is sent ends at rest and keeps within the limits. So there is
 * always something safe to go on with.
 */
export class MotionExecutor {
  readonly #send: (trajectory: JointTrajectory) => void;
  readonly #targets = new JoinedTargets();
  #commanded: Commanded | undefined;
  #begun = false;

  constructor(send: (trajectory: JointTrajectory) => void) {
    this.#send = send;
  }

  /** Whether a chunk was sent since the last hold, over or not. */
  get begun(): boolean {
    return this.#begun;
  }

  /**
   * Executes a chunk from now on.
   * @param action (Ta, A), physical units
   * @param seen joint positions at the tick, (A); undefined where they are not observed
   */
  command(
    action: Float32Array,
    spec: TrajectorySpec,
    tickNs: bigint,
    nowNs: bigint,
    seen: readonly (number | undefined)[],
    settings: MotionSettings,
  ): MotionVerdict {
    const bad = action.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) {
      const joint = spec.jointNames[bad % spec.jointNames.length]!;
      return refused('invalid_chunk', `an action has ${joint} at ${action[bad]}`);
    }
    const chunk = {
      tickNs,
      periodNs: BigInt(Math.round(1e9 / spec.rateHz)),
      rows: targetPositions(action, spec, seen),
    };
    const startNs = nowNs + settings.leadNs;
    const targets = this.#targets.join(chunk, startNs, settings.join);
    if (targets === undefined) return { kind: 'over' };
    const discrete = spec.jointNames.map((name) => settings.discreteJoints.includes(name));
    const { start, isKnown } = this.#startAt(startNs, tickNs, spec, seen, targets, discrete);
    const { smoothingS, limits } = settings;
    const shape = { smoothingS, limits, discrete };
    const direct = planMotion(start, targets, shape);
    const planned =
      'violation' in direct
        ? this.#afterBraking(startNs, targets, shape, settings, direct)
        : direct;
    if ('violation' in planned) {
      return refused('limit', objectionOf(planned.violation, spec));
    }
    const { clamped, stretch, kept } = planned;
    if (settings.onLimit === 'refuse' && kept !== undefined) {
      return refused('limit', objectionOf(kept, spec));
    }
    const whole = this.#fromNow(nowNs, startNs, start, planned.path);
    const isDense = settings.outputStepS > 0 && isKnown;
    const path = isDense ? whole.sampled(settings.outputStepS) : whole;
    const [stampNs, zeroNs] = {
      tick: [tickNs, tickNs],
      publish: [nowNs, nowNs],
      zero: [0n, nowNs],
    }[settings.trajectoryStamp] as [bigint, bigint];
    // A joint that is not observed is brought to its first target by the controller.
    const after = isKnown ? 0 : targets.firstS + Number(settings.leadNs) / 1e9 - TOLERANCE_S;
    const trajectory = motionMessage(path, spec.jointNames, stampNs, nowNs - zeroNs, after);
    const objection = objectionToJointTrajectory(trajectory, spec.jointNames);
    if (objection !== undefined) return refused('invalid_chunk', objection);
    if (!settings.shadow) {
      this.#send(trajectory);
      this.#commanded = { path, startNs: nowNs, jointNames: spec.jointNames };
      this.#begun = true;
    }
    return { kind: 'sent', clamped, stretch };
  }

  /**
   * Brings a robot that moves to rest, on its way. What was planned before is forgotten.
   * @returns whether it moved
   */
  hold(nowNs: bigint, settings: MotionSettings): boolean {
    this.#targets.clear();
    const commanded = this.#commanded;
    const wasBegun = this.#begun;
    this.#begun = false;
    if (!wasBegun || commanded === undefined || endOf(commanded) <= nowNs) return false;
    const { jointNames } = commanded;
    const startNs = nowNs + settings.leadNs;
    const braked = this.#braked(commanded, startNs, settings);
    const whole = this.#fromNow(nowNs, startNs, braked.states[0]!, braked);
    // The stamp is 0, "start now": a hold must not depend on clocks that agree.
    this.#send(motionMessage(whole, jointNames, 0n, 0n, 0));
    this.#commanded = { path: whole, startNs: nowNs, jointNames };
    return true;
  }

  /**
   * Where the joints shall be at a time, rad or m, in the order of the policy.
   * @returns undefined where nothing was commanded
   */
  positionsAt(nowNs: bigint): readonly number[] | undefined {
    if (!this.#commanded) return undefined;
    const { path, startNs } = this.#commanded;
    return path.stateAt(Number(nowNs - startNs) / 1e9).map(([position]) => position);
  }

  /** When the commanded motion comes to rest, ns; undefined where nothing was commanded. */
  get endNs(): bigint | undefined {
    return this.#commanded && endOf(this.#commanded);
  }

  /** The clock was set: what was told by the old one means nothing by the new one. */
  forget(): void {
    this.#targets.clear();
    this.#commanded = undefined;
    this.#begun = false;
  }

  /**
   * Where the robot is too fast to go to the targets within the limits: it brakes on its way and begins from rest.
   * @param direct what stands against going there at once
   */
  #afterBraking(
    startNs: bigint,
    targets: Targets,
    shape: MotionShape,
    settings: MotionSettings,
    direct: { readonly violation: Violation },
  ): ReturnType<typeof planMotion> {
    if (!this.#commanded || endOf(this.#commanded) <= startNs) return direct;
    const braked = this.#braked(this.#commanded, startNs, settings);
    const planned = planMotion(braked.states.at(-1)!, targets, shape);
    if ('violation' in planned) return planned;
    const path = braked.followedBy(planned.path, 0, braked.seconds);
    return { ...planned, path, kept: direct.violation };
  }

  /** The way to rest of a motion that shall not go on, from a time on. */
  #braked(
    { path, startNs: begunNs, jointNames }: Commanded,
    fromNs: bigint,
    settings: MotionSettings,
  ): MotionPath {
    const { outputStepS, stopS, limits, discreteJoints } = settings;
    const at = Number(fromNs - begunNs) / 1e9;
    const discrete = jointNames.map((name) => discreteJoints.includes(name));
    return brake(path, at, stopS, outputStepS || stopS / 10, limits, discrete);
  }

  /** A motion that begins later, after what is under way until then. */
  #fromNow(nowNs: bigint, startNs: bigint, start: JointStates, path: MotionPath): MotionPath {
    const told = this.#commanded ?? { path: new MotionPath([0], [start]), startNs };
    const [from, until] = [nowNs, startNs].map((ns) => Number(ns - told.startNs) / 1e9);
    return startNs > nowNs ? told.path.followedBy(path, from!, until!) : path;
  }

  /** The state in which a motion begins, and whether all of it is known. */
  #startAt(
    startNs: bigint,
    tickNs: bigint,
    { jointNames, mode }: TrajectorySpec,
    seen: readonly (number | undefined)[],
    { rows: [first] }: Targets,
    discrete: readonly boolean[],
  ): { readonly start: JointStates; readonly isKnown: boolean } {
    const told = this.#commanded;
    if (told !== undefined && isDeepStrictEqual(told.jointNames, jointNames)) {
      const at = Number(startNs - told.startNs) / 1e9;
      const goal = told.path.stateAfter(at);
      const states = told.path
        .stateAt(at)
        .map((state, joint): JointState => (discrete[joint] ? [goal[joint]![0], 0, 0] : state));
      const mayLag = tickNs < endOf(told) + LAG_NS;
      const isThere = states.every(
        ([position], joint) => Math.abs((seen[joint] ?? position) - position) <= ELSEWHERE,
      );
      // A robot that moves lags behind what it was told; one that stands elsewhere was moved by somebody else.
      if (mayLag || (isThere && mode === 'absolute')) return { start: states, isKnown: true };
    }
    this.#commanded = undefined;
    const isKnown = seen.every((position) => position !== undefined);
    return { start: atRest(first!.map((target, joint) => seen[joint] ?? target)), isKnown };
  }
}

function refused(
  cause: Extract<MotionVerdict, { kind: 'refused' }>['cause'],
  objection: string,
): MotionVerdict {
  return { kind: 'refused', cause, objection };
}

function endOf({ path, startNs }: Commanded): bigint {
  return startNs + BigInt(Math.round(path.seconds * 1e9));
}

function objectionOf(
  { joint, kind, value, limit }: Violation,
  { jointNames }: TrajectorySpec,
): string {
  return `${jointNames[joint]} would reach a ${kind.replace('_', ' ')} of ${value.toPrecision(4)}, its limit is ${limit}`;
}
