/**
 * How long the motion executor keeps the thread, at the pace of a robot: node scripts/executor_pauses.mjs [MINUTES]
 *
 * A chunk of 8 actions for 8 joints at 20 Hz is executed every 200 ms, with limits and joined to the one before, and
 * the positions are sampled 100 times a second, as for a position controller. Prints the longest collection of
 * garbage, the longest call, and how many there were. Needs `make build`.
 */
import { performance, PerformanceObserver } from 'node:perf_hooks';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { MotionExecutor } from '../dist/src/control/motion/motion_executor.js';
import { shortenCollections } from '../dist/src/ros/short_collections.js';

shortenCollections(); // As the node does.

const MINUTES = Number(process.argv[2] ?? 10);
const JOINTS = 8;
const SPEC = {
  jointNames: Array.from({ length: JOINTS }, (_, i) => `joint${i}`),
  rateHz: 20,
  mode: 'absolute',
};
const every = (limit) => Array(JOINTS).fill(limit);
const SETTINGS = {
  shadow: false,
  trajectoryStamp: 'tick',
  join: 'blend',
  smoothingS: 0.03,
  limits: {
    positionMin: every(-3),
    positionMax: every(3),
    velocity: every(2),
    acceleration: every(20),
    jerk: every(2000),
  },
  onLimit: 'saturate',
  discreteJoints: ['joint7'],
  outputStepS: 0,
  leadNs: 10_000_000n,
  stopS: 0.1,
};

const collections = [];
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) collections.push(duration);
}).observe({ entryTypes: ['gc'] });

const executor = new MotionExecutor(() => undefined);
const nowNs = () => process.hrtime.bigint();
const calls = [];
const timed = (work) => {
  const begin = performance.now();
  work();
  calls.push(performance.now() - begin);
};
const end = performance.now() + 60_000 * MINUTES;
for (let i = 0; performance.now() < end; i++) {
  if (i % 20 === 0) {
    const tickNs = nowNs() - 15_000_000n;
    const phase = Number(tickNs % 60_000_000_000n) / 1e9;
    const action = Float32Array.from({ length: 8 * JOINTS }, (_, k) =>
      Math.sin(phase + 0.05 * Math.floor(k / JOINTS) + k),
    );
    timed(() => executor.command(action, SPEC, tickNs, nowNs(), every(0), SETTINGS));
  }
  timed(() => executor.positionsAt(nowNs()));
  await sleep(10);
}
calls.sort((a, b) => a - b);
console.log({
  minutes: MINUTES,
  calls: calls.length,
  longest_call_ms: calls.at(-1).toFixed(2),
  p99_9_call_ms: calls[Math.floor(0.999 * calls.length)].toFixed(2),
  collections: collections.length,
  longest_collection_ms: Math.max(0, ...collections).toFixed(2),
});
