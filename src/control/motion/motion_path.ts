import { noExtremes, quintic, reach, stateOn, type Extremes, type JointState } from './quintic.js';

/**
 * Knots are further apart than this, s: over less, the last digits of a position of some rad are a jerk of their own
 * (60 eps / h^3). The path moves by nothing when a knot so near to another one is left out.
 */
const LEAST_TIME = 3e-5;
/** A knot is not added where one is nearer than this share of a step. */
const LEAST_GAP = 0.1;

/** The state of every joint. */
export type JointStates = readonly JointState[];

/** Where the joints are told to be over time: quintics between knots, and at rest from the last one on. */
export class MotionPath {
  /**
   * @param times of the knots, s after the start, increasing from 0, see {@link inWholeNs}
   * @param states of the joints at the knots; at the last one they are at rest
   */
  constructor(
    readonly times: readonly number[],
    readonly states: readonly JointStates[],
  ) {}

  /** How long it takes, s. */
  get seconds(): number {
    return this.times.at(-1)!;
  }

  /** The joints' states at a time after the start, s; before it, those at the start. */
  stateAt(seconds: number): JointStates {
    if (seconds <= 0) return this.states[0]!;
    const next = this.times.findIndex((time) => time > seconds);
    if (next < 0) return this.states.at(-1)!;
    const h = this.times[next]! - this.times[next - 1]!;
    const u = (seconds - this.times[next - 1]!) / h;
    const to = this.states[next]!;
    return this.states[next - 1]!.map((from, joint) => stateOn(quintic(from, to[joint]!, h), u, h));
  }

  /** The joints' states at the next knot after a time, s; at the end those at the end. */
  stateAfter(seconds: number): JointStates {
    const next = this.times.findIndex((time) => time > seconds);
    return this.states.at(next)!;
  }

  /** What a joint reaches on the way, see {@link reach}. */
  extremesOf(joint: number): Extremes {
    const extremes = noExtremes();
    for (let i = 1; i < this.times.length; i++) {
      const h = this.times[i]! - this.times[i - 1]!;
      reach(quintic(this.states[i - 1]![joint]!, this.states[i]![joint]!, h), h, extremes);
    }
    return extremes;
  }

  /**
   * This path from a time `from` until `until`, and then another one, which begins in the state that this one has then.
   * Both times are s after the start.
   */
  followedBy(next: MotionPath, from: number, until: number): MotionPath {
    const { times, states } = this.from(from, until);
    return new MotionPath(
      [...times, ...next.times.map((t) => t + until - from)],
      [...states, ...next.states],
    );
  }

  /** What is left of this path at a time, s after its start, without what begins at `until`. */
  from(from: number, until = Infinity): MotionPath {
    const left = this.times.flatMap((time, i) =>
      time > from + LEAST_TIME && time < until - LEAST_TIME ? [i] : [],
    );
    // So near to its end it is at rest.
    if (left.length === 0 && until === Infinity) return new MotionPath([0], [this.states.at(-1)!]);
    return new MotionPath(
      [0, ...left.map((i) => this.times[i]! - from)],
      [this.stateAt(from), ...left.map((i) => this.states[i]!)],
    );
  }

  /**
   * The same path with more knots, at multiples of `step` (s) after its start too: where only its points are
   * followed, or with lines between them, it has to have many.
   */
  sampled(step: number): MotionPath {
    const count = Math.floor(this.seconds / step);
    const regular = Array.from({ length: count }, (_, i) => inWholeNs((i + 1) * step));
    const between = regular.filter((time) =>
      this.times.every((knot) => Math.abs(knot - time) > LEAST_GAP * step),
    );
    const times = [...this.times, ...between].sort((a, b) => a - b);
    const known = new Map(this.times.map((time, i) => [time, this.states[i]!]));
    return new MotionPath(
      times,
      times.map((time) => known.get(time) ?? this.stateAt(time)),
    );
  }
}

/** A time in whole nanoseconds, as messages have it, s: in a short piece less than that would be a jerk. */
export function inWholeNs(seconds: number): number {
  return Math.round(seconds * 1e9) / 1e9;
}

/** Joints that stand. @param positions rad or m */
export function atRest(positions: readonly number[]): JointStates {
  return positions.map((position) => [position, 0, 0]);
}
