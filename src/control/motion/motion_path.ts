import { noExtremes, quintic, reach, stateOn, type Extremes, type JointState } from './quintic.js';

/** The state of every joint. */
export type JointStates = readonly JointState[];

/** Where the joints are told to be over time: quintics between knots, and at rest from the last one on. */
export class MotionPath {
  /**
   * @param times of the knots, s after the start, increasing from 0
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
   * The same path with more knots: at all multiples of `step` (s) after its start, and at its end. Where only its
   * points are followed, or with lines between them, it has to have many.
   */
  sampled(step: number): MotionPath {
    const count = Math.ceil(this.seconds / step - 1e-9);
    const times = Array.from({ length: count + 1 }, (_, i) => Math.min(i * step, this.seconds));
    return new MotionPath(
      times,
      times.map((time, i) => (i === count ? this.states.at(-1)! : this.stateAt(time))),
    );
  }
}

/** Joints that stand. @param positions rad or m */
export function atRest(positions: readonly number[]): JointStates {
  return positions.map((position) => [position, 0, 0]);
}
