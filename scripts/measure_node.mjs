// Measures the running node: cameras of 640x480 at 30 Hz and joint states at 500 Hz by DDS from a peer, for a while.
// `make ros` first, then
//
//   node scripts/measure_node.mjs [POLICY] [--plan PLAN] [--seconds 60] [--set PARAMETER=VALUE]... [--json]
//
// POLICY is a package; without, a small one with random weights and one camera. Without a plan: the preset fast.
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { nanoseconds } from '../dist/src/control/ros_messages.js';
import { readPolicyPackage } from '../dist/src/policy/policy_package.js';
import { cameraPolicy } from '../dist/test/support/ros_policies.js';
import { image, jointStates } from '../dist/test/support/ros_inputs.js';
import { RosPeer } from '../dist/test/support/ros_peer.js';
import { isHold, Scene } from '../dist/test/support/ros_scene.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    plan: { type: 'string' },
    seconds: { type: 'string', default: '60' },
    set: { type: 'string', multiple: true, default: [] },
    json: { type: 'boolean', default: false },
  },
});
const seconds = Number(values.seconds);
const WARM_UP_S = 3;
const CAMERA_HZ = 30;
const JOINTS_HZ = 500;

const runnable = positionals[0]
  ? { policy: await readPolicyPackage(positionals[0]), directory: positionals[0] }
  : await cameraPolicy();
const { manifest } = runnable.policy;
const rateHz = manifest.action.rate_hz;
const chunkMs = (1000 * manifest.architecture.n_action_steps) / rateHz;
const sources = manifest.observation_sources;
const cameras = sources.filter(({ type }) => type === 'sensor_msgs/msg/Image');
const joints = sources.filter(({ type }) => type === 'sensor_msgs/msg/JointState');
const jointTopic = absolute(joints[0].topic);
const names = [...new Set(joints.flatMap((source) => source.names))];
const positions = names.map((_, i) => 0.1 * i);
const plan = values.plan
  ? { plan: values.plan }
  : runnable.plan
    ? { plan: runnable.plan.path }
    : { plan: '', preset: 'fast' };

const given = Object.fromEntries(
  values.set.map((text) => {
    const [name, value] = text.split('=');
    return [name, /^(-?\d|true|false)/.test(value) ? JSON.parse(value) : value];
  }),
);

// Sending and receiving are processes of their own, so that one does not hold up the other.
const robot = new RosPeer();
const scene = await Scene.begin(
  { ...runnable, plan: { path: '' } },
  { ...plan, execution_provider: 'cpu', record_seconds: 0, ...given },
);
try {
  await scene.goActive();
  const feed = async () => {
    for (const { topic } of cameras) {
      const pictures = [1, 2, 3].map((seed) => image({ width: 640, height: 480, seed }));
      const cdr = pictures.flatMap((picture) => picture.cdr);
      await robot.stream({ ...pictures[0], topic: absolute(topic), cdr }, { hz: CAMERA_HZ });
    }
    await robot.stream({ ...jointStates(positions, names), topic: jointTopic }, { hz: JOINTS_HZ });
  };
  await feed();
  await scene.flows(2);
  await sleep(WARM_UP_S * 1000);

  const start = await scene.peer.count(scene.chunk);
  const before = await cpuSeconds();
  const began = performance.now();
  await sleep(seconds * 1000);
  const tookS = (performance.now() - began) / 1000;
  const cpuShare = ((await cpuSeconds()) - before) / tookS;
  const trajectories = await scene.trajectories();
  const chunks = await scene.chunks(start);
  await sleep(1100);
  const diagnostics = await scene.diagnostics();
  const clocks = await scene.peer.ask('clocks');
  const toWall = (at) => at + (clocks.wall - clocks.now);

  const gaps = chunks.slice(1).map(({ message }, i) => {
    const apart = nanoseconds(message.header.stamp) - nanoseconds(chunks[i].message.header.stamp);
    return Number(apart) / 1e6;
  });
  const published = trajectories.map(({ at, message }) => [stampOf(message), toWall(at)]);
  const sentAt = new Map(published);
  const sinceStamp = (stamp) => (chunk) =>
    (sentAt.get(stampOf(chunk.message)) - Number(nanoseconds(stamp(chunk.message)))) / 1e6;
  const result = {
    policy: positionals[0] ?? 'random weights',
    plan_sha256: chunks.at(-1)?.message.plan_sha256,
    cameras: cameras.length,
    seconds: tookS,
    chunks: chunks.length,
    chunk_lasts_ms: chunkMs,
    chunk_every_ms: quantiles(gaps),
    chunks_missed: gaps.reduce((sum, gap) => sum + Math.max(0, Math.round(gap / chunkMs) - 1), 0),
    holds: trajectories.filter(({ message }) => isHold(message)).length,
    inference_ms: quantiles(
      chunks.map(({ message }) => Number(nanoseconds(message.inference_latency)) / 1e6),
    ),
    tick_to_receipt_ms: quantiles(chunks.map(sinceStamp(({ header }) => header.stamp))),
    observation_to_receipt_ms: quantiles(
      chunks.map(sinceStamp(({ observation_stamps: stamps }) => stamps.at(-1))),
    ),
    node_cpu_share: cpuShare,
    node_resident_mb: scene.node.residentBytes() / 1e6,
    fault_to_hold_ms: {},
  };

  for (let round = 0; round < 3; round++) {
    const nan = { ...jointStates(positions.with(0, NaN), names), topic: jointTopic };
    const faults = {
      nan_in_joint_states: async () => robot.stream(nan, { hz: JOINTS_HZ }),
      camera_silent: async () => (await robot.unstream(absolute(cameras[0].topic))).now,
    };
    for (const [name, fault] of Object.entries(faults)) {
      (result.fault_to_hold_ms[name] ??= []).push(await scene.holdsAfter(fault));
      await feed();
      await scene.flows(2);
    }
  }
  result.diagnostics = diagnostics;
  print(result);
} finally {
  await robot.stop();
  await scene.end();
}
process.exit(0);

function absolute(topic) {
  return topic.startsWith('/') ? topic : `/${topic}`;
}

function stampOf({ header }) {
  return Number(nanoseconds(header.stamp));
}

function quantiles(list) {
  const sorted = list.filter(Number.isFinite).sort((a, b) => a - b);
  const at = (q) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: sorted.at(-1) };
}

/** CPU time of the node so far. */
async function cpuSeconds() {
  const { readFile } = await import('node:fs/promises');
  const stat = await readFile(`/proc/${scene.node.process.child.pid}/stat`, 'utf8');
  const [user, system] = stat.split(') ')[1].split(' ').slice(11, 13).map(Number);
  return (user + system) / 100;
}

function print(result) {
  if (values.json) return console.log(JSON.stringify(result));
  const text = (value) => {
    if (typeof value === 'number') return value.toFixed(2);
    if (typeof value !== 'object') return String(value);
    return Object.entries(value)
      .map(([key, inner]) => `${key} ${text(inner)}`)
      .join('  ');
  };
  const { diagnostics, ...measured } = result;
  for (const [name, value] of Object.entries(measured)) console.log(name.padEnd(28), text(value));
  for (const { name, message, values: facts } of diagnostics) {
    console.log(`\n${name}: ${message}`);
    for (const [key, value] of Object.entries(facts)) console.log(`  ${key.padEnd(40)} ${value}`);
  }
}
