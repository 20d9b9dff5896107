import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import type { TrajectorySpec } from '../../../src/control/joint_trajectory.js';
import type { JoinMode } from '../../../src/control/motion/joined_targets.js';
import { KnownRows } from '../../../src/control/motion/known_rows.js';
import { MotionExecutor } from '../../../src/control/motion/motion_executor.js';
import { openRunner } from '../../../src/inference/open_policy_runner.js';
import type { Chunk } from '../../../src/inference/policy_runner.js';
import { seededChunkNoise } from '../../../src/inference/seeded_noise.js';
import { readPlanFor } from '../../../src/policy/plan_file.js';
import { readPolicyPackage } from '../../../src/policy/policy_package.js';
import { conditionsFromBag } from '../../../src/replay/conditions_from_bag.js';
import { lineChart } from '../../../src/report/charts/line_chart.js';
import { PLAIN_SETTINGS } from './plain_settings.js';
import { QuinticController } from './quintic_controller.js';

const DEMO = fileURLToPath(new URL('../../../../demo/lift_camera', import.meta.url));
const MS = 1_000_000n;
const PERIOD = 50n * MS;
const TICK = 1_000_000n * MS;
/** Control periods from the old chunk's tick to the new one's. */
const APART = 4;
/** From the new chunk's tick to its arrival: a slow policy. */
const LATENCY = 60n * MS;
/** Ticks of the bag that are tried; the one whose chunks are furthest apart is shown. */
const TRIED = 24;
const MODES = ['replace', 'blend', 'ensemble', 'rtc'] as const;
/** px, of one of the four pictures. */
const PANEL = { width: 480, height: 240 };

/** An old chunk, and the new one: free, and denoised to go on from the old one. */
export interface Meeting {
  readonly old: Chunk;
  readonly free: Chunk;
  readonly bound: Chunk;
  readonly spec: TrajectorySpec;
}

/** The motion of two chunks, as a controller makes it. */
export interface JoinedMotion {
  readonly mode: JoinMode;
  /** Of the moment at which the new trajectory comes: before it and with it, (A) each. */
  readonly border: readonly [
    before: readonly (readonly number[])[],
    after: readonly (readonly number[])[],
  ];
  /** Position of each joint at each of `times`. */
  readonly positions: readonly (readonly number[])[];
  /** ms after the old chunk's tick. */
  readonly times: readonly number[];
}

/** Two chunks of the demo's policy from its bag, `APART` control periods apart, where they differ most. */
export async function meetingOfChunks(): Promise<Meeting> {
  const policy = await readPolicyPackage(join(DEMO, 'policy'));
  const plan = await readPlanFor(join(DEMO, 'policy/plans/balanced.json'), policy);
  const runner = await openRunner(policy, plan, { threads: 1, inpainting: true });
  const { architecture: a, noise_scheduler: scheduler, action } = runner.manifest;
  const noise = (index: number): ReturnType<typeof seededChunkNoise> =>
    seededChunkNoise(0, index, scheduler.steps, a.horizon, a.action_dim);
  try {
    const conditions: Float32Array[] = [];
    const wanted = (tick: number): boolean => tick < TRIED + APART;
    const encode = runner.encodeImage.bind(runner);
    for await (const { condition } of conditionsFromBag(
      runner.manifest,
      join(DEMO, 'bag'),
      encode,
      { wanted },
    )) {
      conditions.push(condition);
    }
    let [most, at] = [-1, 0];
    const pairs: [Chunk, Chunk][] = [];
    for (let i = 0; i < TRIED; i++) {
      const old = await runner.denoise(conditions[i]!, noise(2 * i));
      const free = await runner.denoise(conditions[i + APART]!, noise(2 * i + 1));
      pairs.push([old, free]);
      const shift = APART * a.action_dim;
      const apart = Math.max(
        ...free.action.subarray(0, shift).map((p, j) => Math.abs(p - old.action[shift + j]!)),
      );
      if (apart > most) [most, at] = [apart, i];
    }
    const [old, free] = pairs[at]!;
    const known = new KnownRows();
    known.execute({ sample: old.sample, tickNs: TICK });
    const inpainting = known.of(a, {
      tickNs: TICK + BigInt(APART) * PERIOD,
      periodNs: PERIOD,
      delayNs: LATENCY + SETTINGS.leadNs,
    })!;
    const bound = await runner.denoise(conditions[at + APART]!, noise(2 * at + 1), inpainting);
    const spec = { jointNames: action.joint_names!, rateHz: 20, mode: 'absolute' } as const;
    return { old, free, bound, spec };
  } finally {
    await runner.close();
  }
}

const SETTINGS = { ...PLAIN_SETTINGS, discreteJoints: ['panda_finger_joint1'] };

/** Executes both chunks. */
export function joinedMotion({ old, free, bound, spec }: Meeting, mode: JoinMode): JoinedMotion {
  const settings = { ...SETTINGS, join: mode };
  const start = Array.from(old.action.subarray(0, spec.jointNames.length));
  const controller = new QuinticController(start);
  let nowNs = TICK;
  const executor = new MotionExecutor((trajectory) => controller.accept(trajectory, nowNs));
  executor.command(old.action, spec, TICK, nowNs, start, settings);
  const secondTick = TICK + BigInt(APART) * PERIOD;
  const times: number[] = [];
  const positions: number[][] = [];
  const watch = (until: bigint): void => {
    for (; nowNs < until; nowNs += 5n * MS) {
      times.push(Number((nowNs - TICK) / MS));
      positions.push(controller.at(nowNs).map(([position]) => position));
    }
  };
  watch(secondTick + LATENCY);
  const before = controller.at(nowNs);
  const chunk = mode === 'rtc' ? bound : free;
  executor.command(chunk.action, spec, secondTick, nowNs, start, settings);
  const after = controller.at(nowNs);
  watch(secondTick + 9n * PERIOD);
  return { mode, border: [before, after], positions, times };
}

/** All four ways, of the joint at which the chunks are furthest apart. SVG. */
export function joinsFigure(meeting: Meeting): string {
  const { old, free, bound, spec } = meeting;
  const width = spec.jointNames.length;
  // The finger jumps.
  const joints = Array.from({ length: width - 1 }, (_, joint) => joint);
  const apart = (joint: number): number =>
    Math.abs(free.action[joint]! - old.action[APART * width + joint]!);
  const joint = joints.reduce((most, one) => (apart(one) > apart(most) ? one : most));
  const targets = (chunk: Chunk, tick: number): [number, number][] =>
    Array.from({ length: chunk.action.length / width }, (_, j) => [
      (tick + j + 1) * 50,
      chunk.action[j * width + joint]!,
    ]);
  const panels = MODES.map((mode, i) => {
    const { times, positions } = joinedMotion(meeting, mode);
    const svg = lineChart(
      [
        {
          name: 'the old chunk',
          colour: '#9a9a9a',
          type: 'dotted',
          width: 1.5,
          points: targets(old, 0),
        },
        {
          name: 'the new chunk',
          colour: '#d55e00',
          type: 'dotted',
          width: 1.5,
          points: targets(mode === 'rtc' ? bound : free, APART),
        },
        {
          name: 'what is commanded',
          colour: '#0072b2',
          type: 'solid',
          width: 2,
          points: times.map((time, k) => [time, positions[k]![joint]!]),
        },
      ],
      {
        title: mode,
        xName: 'ms since the old chunk',
        yName: `${spec.jointNames[joint]!}, rad`,
        description: `Two chunks and the motion that is made of them, ${mode}`,
      },
      { size: PANEL },
    );
    const [x, y] = [(i % 2) * PANEL.width, Math.floor(i / 2) * PANEL.height];
    // Numbers of what was drawn before in this process.
    return svg.replace(/zr\d+-/g, `panel${i}-`).replace('<svg ', `<svg x="${x}" y="${y}" `);
  });
  const [w, h] = [2 * PANEL.width, 2 * PANEL.height];
  const root = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${w} ${h}" width="${w}" height="${h}">`;
  return `${root}<rect width="100%" height="100%" fill="white"/>${panels.join('\n')}</svg>\n`;
}
