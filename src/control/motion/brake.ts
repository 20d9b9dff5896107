import { violations, type MotionLimits } from './motion_limits.js';
import { inWholeNs, MotionPath } from './motion_path.js';
import type { JointState } from './quintic.js';

/** How often the time to stop is made longer because a limit stands against it. */
const LONGER = 1.5;

/**
 * The end of a motion that shall not go on: along the way it is on, ever slower, to rest. What the joints would have
 * passed through is passed through, so nothing is met that was not ahead anyhow.
 * @param at from when on, s after the path's start
 * @param stopS time to come to rest, s; longer where limits need it, and not beyond the path's own end
 * @param stepS between knots, s
 */
export function brake(
  path: MotionPath,
  at: number,
  stopS: number,
  stepS: number,
  limits: MotionLimits,
  discrete: readonly boolean[],
): MotionPath {
  const left = path.seconds - at;
  for (let time = stopS; time / 2 < left; time *= LONGER) {
    const braked = slowedDown(path, at, time, stepS, discrete);
    if (violations(braked, limits, discrete).length === 0) return braked;
  }
  // It comes to rest by itself before it could be stopped.
  return path.from(at);
}

/** The clock of the path runs ever slower: its speed falls from 1 to 0 with neither a step nor an end's kink. */
function slowedDown(
  path: MotionPath,
  at: number,
  stopS: number,
  stepS: number,
  discrete: readonly boolean[],
): MotionPath {
  const count = Math.max(2, Math.ceil(stopS / stepS));
  const times = Array.from({ length: count + 1 }, (_, i) => inWholeNs((i * stopS) / count));
  const begun = path.stateAt(at);
  const states = times.map((time, i) => {
    const x = i / count;
    // 1 - (3 x^2 - 2 x^3), its integral and its derivative.
    const speed = 1 - x * x * (3 - 2 * x);
    const passed = stopS * (x - x ** 3 + x ** 4 / 2);
    const change = (-6 * x * (1 - x)) / stopS;
    return path.stateAt(at + passed).map(([p, v, a], joint): JointState => {
      if (discrete[joint]) return [begun[joint]![0], 0, 0];
      return time === 0 ? begun[joint]! : [p, v * speed, a * speed * speed + v * change];
    });
  });
  states[count] = states[count]!.map(([p]) => [p, 0, 0]);
  return new MotionPath(times, states);
}
