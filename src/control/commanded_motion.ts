import { isDeepStrictEqual } from 'node:util';
import { objectionToJointTrajectory } from './check_joint_trajectory.js';
import { endOf, holdTrajectory, positionsAt, type SentTrajectory } from './hold_trajectory.js';
import { objectionToLimits, type JointLimits } from './joint_limits.js';
import { jointTrajectory, type TrajectorySpec } from './joint_trajectory.js';
import { rosTime, type JointTrajectory } from './ros_messages.js';

/** How motions are sent; may change between two of them. */
export interface MotionSettings {
  /** Whether trajectories are kept back. */
  readonly shadow: boolean;
  /** Header stamp of trajectories: the control tick, the time of publication, or 0 for "start now". */
  readonly trajectoryStamp: 'tick' | 'publish' | 'zero';
  readonly limits: JointLimits;
}

/** What became of a chunk's actions. */
export type MotionVerdict =
  | { readonly kind: 'sent' }
  /** Its last point lies in the past. */
  | { readonly kind: 'over' }
  | { readonly kind: 'refused'; readonly objection: string };

/** Ticks at rates such as 30 Hz are rounded; a chunk usually ends at the tick of the next one. */
const TOLERANCE_NS = 1000n;

/** What the robot was told to do last: checks each new motion, sends it, and brings the robot to rest. */
export class CommandedMotion {
  readonly #send: (trajectory: JointTrajectory) => void;
  #sent: SentTrajectory | undefined;

  constructor(send: (trajectory: JointTrajectory) => void) {
    this.#send = send;
  }

  /** Whether a trajectory was sent since the last hold, over or not. */
  get begun(): boolean {
    return this.#sent !== undefined;
  }

  /**
   * Sends the motion of a chunk, if nothing speaks against it. Guards that are always on: numbers are finite and
   * the trajectory is one that joint_trajectory_controller accepts, joints stay within their limits, and it is
   * not over yet.
   * @param action (Ta, A), physical units
   * @param seen joint positions at the tick, (A); undefined where they are not observed
   */
  command(
    action: Float32Array,
    spec: TrajectorySpec,
    tickNs: bigint,
    nowNs: bigint,
    seen: readonly (number | undefined)[],
    { shadow, trajectoryStamp, limits }: MotionSettings,
  ): MotionVerdict {
    const trajectory = jointTrajectory(action, spec, tickNs, seen);
    // A moving robot lags behind what it was told; what it was told is where the next motion begins.
    const told = spec.mode === 'delta' ? undefined : this.#toldAt(nowNs, tickNs, spec.jointNames);
    const startPositions = told ?? seen;
    const startNs = trajectoryStamp === 'tick' ? tickNs : nowNs;
    const objection =
      objectionToJointTrajectory(trajectory, spec.jointNames) ??
      objectionToLimits(trajectory, limits, {
        positions: startPositions,
        elapsedNs: nowNs - startNs,
      });
    if (objection !== undefined) return { kind: 'refused', objection };
    if (endOf({ trajectory, startNs: tickNs }) <= nowNs) return { kind: 'over' };
    if (!shadow) {
      const stamp = rosTime(trajectoryStamp === 'zero' ? 0n : startNs);
      this.#send({ ...trajectory, header: { ...trajectory.header, stamp } });
      this.#sent = { trajectory, startNs, startPositions };
    }
    return { kind: 'sent' };
  }

  /** Where these joints are told to be, (A); undefined when they came to rest before a tick, which saw them then. */
  #toldAt(
    nowNs: bigint,
    tickNs: bigint,
    jointNames: readonly string[],
  ): readonly number[] | undefined {
    if (this.#sent === undefined || endOf(this.#sent) + TOLERANCE_NS < tickNs) return undefined;
    if (!isDeepStrictEqual(this.#sent.trajectory.joint_names, jointNames)) return undefined;
    return positionsAt(this.#sent, nowNs);
  }

  /** Brings a robot that moves to rest within a control period. @returns whether it moved */
  hold(nowNs: bigint, periodNs: bigint): boolean {
    if (this.#sent === undefined) return false;
    const hold = holdTrajectory(this.#sent, nowNs, periodNs);
    this.#sent = undefined;
    if (hold !== undefined) this.#send(hold);
    return hold !== undefined;
  }
}
