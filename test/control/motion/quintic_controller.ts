import { quintic, stateOn, type JointState } from '../../../src/control/motion/quintic.js';
import { nanoseconds, type JointTrajectory } from '../../../src/control/ros_messages.js';

/** Where the joints are told to be at a time, ns. */
export interface Knot {
  readonly timeNs: bigint;
  readonly states: readonly JointState[];
}

/** Follows trajectories as joint_trajectory_controller does where points have velocities and accelerations. */
export class QuinticController {
  #knots: readonly Knot[];

  constructor(positions: readonly number[]) {
    this.#knots = [{ timeNs: 0n, states: positions.map((position) => [position, 0, 0]) }];
  }

  /** What it follows: the state in which it took the last trajectory, and that one's points that were ahead. */
  get knots(): readonly Knot[] {
    return this.#knots;
  }

  accept(trajectory: JointTrajectory, nowNs: bigint): void {
    const stamp = nanoseconds(trajectory.header.stamp);
    const startNs = stamp === 0n ? nowNs : stamp;
    const points = trajectory.points.map((point) => ({
      timeNs: startNs + nanoseconds(point.time_from_start),
      states: point.positions.map((position, i): JointState => [
        position,
        point.velocities[i]!,
        point.accelerations[i]!,
      ]),
    }));
    const ahead = points.filter(({ timeNs }) => timeNs > nowNs);
    this.#knots = [{ timeNs: nowNs, states: this.at(nowNs) }, ...ahead];
  }

  /** What it tells the joints at a time, ns. */
  at(timeNs: bigint): readonly JointState[] {
    const next = this.#knots.findIndex((knot) => knot.timeNs > timeNs);
    if (next < 0) return this.#knots.at(-1)!.states;
    if (next === 0) return this.#knots[0]!.states;
    const [from, to] = [this.#knots[next - 1]!, this.#knots[next]!];
    const h = Number(to.timeNs - from.timeNs) / 1e9;
    const u = Number(timeNs - from.timeNs) / 1e9 / h;
    return from.states.map((state, i) => stateOn(quintic(state, to.states[i]!, h), u, h));
  }
}
