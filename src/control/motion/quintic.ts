/** Position, velocity and acceleration of one joint: rad or m, per s, per s^2. */
export type JointState = readonly [position: number, velocity: number, acceleration: number];

/** What a joint reaches at most on a stretch of its way, in absolute value but for its positions. */
export interface Extremes {
  positionMin: number;
  positionMax: number;
  velocity: number;
  acceleration: number;
  jerk: number;
}

/** A quintic over some time: its six Bezier points, in the unit of the joint. */
export type Quintic = readonly [number, number, number, number, number, number];

/**
 * The quintic between two states: what joint_trajectory_controller does between two points that have velocities and
 * accelerations.
 */
export function quintic(from: JointState, to: JointState, seconds: number): Quintic {
  const [p0, v0, a0] = [from[0], from[1] * seconds, from[2] * seconds * seconds];
  const [p1, v1, a1] = [to[0], to[1] * seconds, to[2] * seconds * seconds];
  return [
    p0,
    p0 + v0 / 5,
    p0 + (2 * v0) / 5 + a0 / 20,
    p1 - (2 * v1) / 5 + a1 / 20,
    p1 - v1 / 5,
    p1,
  ];
}

/** The state at a share `u` of the way, by de Casteljau's algorithm: exact at both ends. */
export function stateOn(points: Quintic, u: number, seconds: number): JointState {
  const b = [...points];
  let [velocity, acceleration] = [0, 0];
  for (let degree = 5; degree > 0; degree--) {
    if (degree === 2) acceleration = (20 * (b[2]! - 2 * b[1]! + b[0]!)) / (seconds * seconds);
    if (degree === 1) velocity = (5 * (b[1]! - b[0]!)) / seconds;
    for (let i = 0; i < degree; i++) b[i] = (1 - u) * b[i]! + u * b[i + 1]!;
  }
  return [b[0]!, velocity, acceleration];
}

/**
 * Adds what a quintic reaches: a polynomial and its derivatives lie within the hull of their Bezier points, and touch
 * it at the ends, so the bounds are never too low, and all but exact where the way is short.
 */
export function reach(points: Quintic, seconds: number, extremes: Extremes): void {
  const perSecond = 1 / seconds;
  let [before, step, bend] = [0, 0, 0];
  for (let i = 0; i < 6; i++) {
    const point = points[i]!;
    if (point < extremes.positionMin) extremes.positionMin = point;
    if (point > extremes.positionMax) extremes.positionMax = point;
    const [nextStep, nextBend] = [point - before, point - before - step];
    const turn = nextBend - bend;
    if (i > 0) extremes.velocity = Math.max(extremes.velocity, Math.abs(5 * nextStep * perSecond));
    if (i > 1) {
      const acceleration = Math.abs(20 * nextBend * perSecond * perSecond);
      extremes.acceleration = Math.max(extremes.acceleration, acceleration);
    }
    if (i > 2) {
      const jerk = Math.abs(60 * turn * perSecond * perSecond * perSecond);
      extremes.jerk = Math.max(extremes.jerk, jerk);
    }
    [before, step, bend] = [point, nextStep, nextBend];
  }
}

/** Of a way that has not begun. */
export function noExtremes(): Extremes {
  return { positionMin: Infinity, positionMax: -Infinity, velocity: 0, acceleration: 0, jerk: 0 };
}
