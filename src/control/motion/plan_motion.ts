import { violations, type MotionLimits, type Violation } from './motion_limits.js';
import { inWholeNs, MotionPath, type JointStates } from './motion_path.js';
import type { JointState } from './quintic.js';
import { SmoothingSpline } from './smoothing_spline.js';

/** Where joints shall be, one row after the other. */
export interface Targets {
  /** From the start of the motion to the first row, s. */
  readonly firstS: number;
  /** From row to row, s. */
  readonly spacingS: number;
  /** Positions of the joints, rad or m. */
  readonly rows: readonly (readonly number[])[];
}

/** How a motion goes through its targets. */
export interface MotionShape {
  /** Time constant of the smoothing, s, see {@link SmoothingSpline}; 0: the targets are met. */
  readonly smoothingS: number;
  readonly limits: MotionLimits;
  /** Joints that jump from target to target, such as a gripper that is open or closed. */
  readonly discrete: readonly boolean[];
}

/** A motion within the limits, and what it took to keep it there. */
export interface PlannedMotion {
  readonly path: MotionPath;
  /** Number of target positions that lay outside and were moved to the limit. */
  readonly clamped: number;
  /** How much slower than wanted the motion is, 1 = as wanted. */
  readonly stretch: number;
  /** A limit that the motion would have left; undefined where nothing had to be changed. */
  readonly kept: Violation | undefined;
}

/** Slower than this nothing is gained. */
const MOST_STRETCH = 30;
const LEAST_STEP = 1.02;
/** A motion that is smoothed comes to rest at its last target so long after it was due, in time constants. */
const SETTLING = 5;
/** How often targets are moved inward because the path between them swings out. */
const MOST_INWARD = 4;

/**
 * The smooth motion from a state through targets, within limits: positions are clamped, and where a joint would have
 * to be too fast, accelerate or jerk too much, the whole motion is slowed down, so that it stays on its way.
 * @returns what stood in the way where there is no such motion: the start is too fast to stop in time, say
 */
export function planMotion(
  start: JointStates,
  targets: Targets,
  shape: MotionShape,
): PlannedMotion | { readonly violation: Violation } {
  const { limits } = shape;
  let clamped = 0;
  let kept: Violation | undefined;
  let rows = targets.rows.map((row) =>
    row.map((position, joint) => {
      const inside = clamp(position, limits.positionMin[joint], limits.positionMax[joint]);
      if (inside !== position) {
        clamped++;
        const kind = position > inside ? 'position_max' : 'position_min';
        kept ??= { joint, kind, value: position, limit: inside };
      }
      return inside;
    }),
  );
  const { firstS, spacingS } = targets;
  const settling = Math.ceil((SETTLING * shape.smoothingS) / spacingS);
  rows = [...rows, ...Array<number[]>(settling).fill(rows.at(-1)!)];
  const spline = new SmoothingSpline(rows.length, firstS / spacingS, shape.smoothingS / spacingS);
  let [stretch, inward] = [1, 0];
  for (;;) {
    const path = pathThrough(start, { ...targets, rows }, stretch, spline, shape.discrete);
    const found = violations(path, limits, shape.discrete);
    if (found.length === 0) return { path, clamped, stretch, kept };
    kept ??= found[0];
    const out = found.filter(({ kind }) => kind.startsWith('position'));
    const slower = Math.max(1, ...found.map(slowing));
    if (slower > 1 && stretch < MOST_STRETCH) {
      stretch = Math.min(MOST_STRETCH, stretch * Math.max(LEAST_STEP, slower));
    } else if (out.length > 0 && inward < MOST_INWARD) {
      inward++;
      rows = movedInward(rows, out);
    } else {
      return { violation: found[0]! };
    }
  }
}

/** By how much a motion has to be slower to keep a limit, were it to begin at rest. */
function slowing({ kind, value, limit }: Violation): number {
  const times = value / limit;
  if (kind === 'velocity') return times;
  return kind === 'acceleration' ? Math.sqrt(times) : kind === 'jerk' ? Math.cbrt(times) : 1;
}

function movedInward(rows: readonly (readonly number[])[], out: readonly Violation[]): number[][] {
  return rows.map((row) =>
    row.map((position, joint) => {
      let moved = position;
      for (const { joint: which, kind, value, limit } of out) {
        if (which !== joint) continue;
        moved =
          kind === 'position_max'
            ? Math.min(moved, limit - 1.1 * (value - limit))
            : Math.max(moved, limit + 1.1 * (limit - value));
      }
      return moved;
    }),
  );
}

function pathThrough(
  start: JointStates,
  { firstS, spacingS, rows }: Targets,
  stretch: number,
  spline: SmoothingSpline,
  discrete: readonly boolean[],
): MotionPath {
  const count = rows.length;
  const unit = spacingS * stretch;
  const states: JointState[][] = [[...start], ...rows.map(() => [])];
  for (const [joint, [p, v, a]] of start.entries()) {
    if (discrete[joint]) {
      rows.forEach((row, i) => states[i + 1]!.push([row[joint]!, 0, 0]));
      continue;
    }
    const wanted = rows.map((row) => row[joint]!);
    const knots = spline.knots([p, v * unit, a * unit * unit], wanted);
    for (let i = 0; i < count; i++) {
      const [position, velocity, acceleration] = knots.subarray(3 * i, 3 * i + 3);
      states[i + 1]!.push([position!, velocity! / unit, acceleration! / (unit * unit)]);
    }
  }
  const times = rows.map((_, i) => inWholeNs((firstS + i * spacingS) * stretch));
  return new MotionPath([0, ...times], states);
}

function clamp(value: number, lowest = -Infinity, highest = Infinity): number {
  return Math.min(Math.max(value, lowest), highest);
}
