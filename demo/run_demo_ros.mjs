// The demo's policy, plan and bag through the real ROS 2 node: the bag is played over DDS, the node acts on it, and
// its chunks are held beside those of `bac-policy replay`. Needs ROS 2: `make demo-ros` sees to it.
import { spawn } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, URL } from 'node:url';
import { readBag } from '../dist/src/bag/read_bag.js';
import { loadRclnodejs } from '../dist/src/ros/load_rclnodejs.js';

const began = performance.now();
process.chdir(fileURLToPath(new URL('..', import.meta.url)));
// Robots of others on this network must not hear of the demo.
const DOMAIN = '101';
Object.assign(process.env, {
  ROS_DOMAIN_ID: DOMAIN,
  ROS_AUTOMATIC_DISCOVERY_RANGE: 'LOCALHOST',
});

const out = process.argv[2] ?? 'demo/out';
const [bag, policy] = ['demo/lift_camera/bag', 'demo/lift_camera/policy'];
const plan = `${policy}/plans/balanced.json`;
const replayed = `${out}/replayed_for_ros`;
const PLAYED = ['/joint_states', '/camera/image_raw', '/wrist_camera/image_raw'];
const children = new Set();
process.on('exit', () => children.forEach((child) => child.kill('SIGKILL')));

await finished(
  start('What the node should say: the same bag by replay, without ROS', [
    ...[process.execPath, 'dist/src/cli/main.js', 'replay', policy],
    ...['--plan', plan, '--bag', bag, '--output', replayed],
  ]),
);
const expected = [];
for await (const { message } of readBag(replayed, ['/policy/action_chunk'])) expected.push(message);

const node = start('Start the node', [
  '.ros/install/bac_policy/lib/bac_policy/policy_node',
  ...['--ros-args', '-r', '__node:=policy', '-p', 'use_sim_time:=true'],
  // A recorded robot does not react: chunk after chunk, as in replay.
  ...['-p', 'asynchronous:=false'],
  ...['-p', `policy:=${policy}`, '-p', `plan:=${plan}`],
]);

const { rcl } = await loadRclnodejs();
await rcl.init();
const demo = rcl.createNode('demo');
demo.spin(10);
const [chunks, trajectories] = [[], []];
let [activePlan, diagnostics] = [undefined, undefined];
const latched = { qos: new rcl.QoS(1, 1, 1, 1) };
for (const [type, topic, take, options] of [
  ['bac_policy/msg/ActionChunk', '/policy/action_chunk', (m) => chunks.push(m)],
  ['trajectory_msgs/msg/JointTrajectory', '/policy/joint_trajectory', (m) => trajectories.push(m)],
  ['diagnostic_msgs/msg/DiagnosticArray', '/diagnostics', (m) => (diagnostics = m.status)],
  ['std_msgs/msg/String', '/policy/active_plan', (m) => (activePlan = JSON.parse(m.data)), latched],
]) {
  demo.createSubscription(type, topic, options ?? {}, take);
}
await transition('Configure it: load, compile, warm up', 1, 'inactive');
await until('the active plan', () => activePlan !== undefined);
await transition('Activate it', 3, 'active');
const playing = ['demo/play_bag.mjs', bag, ...PLAYED.flatMap((topic) => ['--topic', topic])];
await finished(start('Play the bag over DDS', [process.execPath, ...playing]));
await until('all chunks', () => chunks.length >= expected.length, 2000).catch(() => undefined);
await sleep(1200); // One more report, and time for what should not come.
await transition('Deactivate it', 4, 'inactive');
node.kill('SIGTERM');
const [code] = await finished(node, false);
rcl.shutdown();

const stamp = ({ header: { stamp: s } }) => `${s.sec}.${String(s.nanosec).padStart(9, '0')}`;
const stamps = (list) => list.map(stamp).join();
const same = stamps(chunks) === stamps(expected);
const worst = Math.max(
  ...chunks.map(({ actions }, i) =>
    Math.max(...Array.from(actions, (a, j) => Math.abs(a - (expected[i]?.actions[j] ?? NaN)))),
  ),
);
const latencies = chunks.map(({ inference_latency: l }) => l.sec * 1e3 + l.nanosec / 1e6);
const middle = latencies.sort((a, b) => a - b)[latencies.length >> 1];
const ok = same && worst < 1e-5 && code === 0;
// Those of chunks are stamped with their tick.
const holds = trajectories.filter(({ header }) => header.stamp.sec === 0).length;
const loop = diagnostics?.find(({ name }) => name.endsWith('control loop'))?.message;
const difference =
  worst === 0 ? 'to the last bit the same actions' : `actions within ${worst.toExponential(1)} rad`;
console.log(`
What happened
  The node heard ${PLAYED.join(' and ')} over DDS at the speed they were recorded. It published
  ${chunks.length} chunks, each as an ActionChunk and a JointTrajectory (${trajectories.length - holds}), and ${holds} trajectories that hold
  the robot in the middle of a motion. Computing a chunk took ${middle?.toFixed(1)} ms (median).
  ${
    same
      ? `The replay without ROS made chunks at the same ${expected.length} control ticks, ${difference}.`
      : `The replay made ${expected.length} chunks at other control ticks: ${stamps(expected)}; the node: ${stamps(chunks)}.`
  }
  When the bag was over, the diagnostics said: ${loop}.
  Ended by SIGTERM, the node left with ${code}.

To do it by hand
  . scripts/ros/env.bash
  ros2 launch bac_policy policy.launch.py policy:=${policy} plan:=${plan} bag:=${bag}

${ok ? 'Done' : 'The node and the replay DIFFER: done'} in ${((performance.now() - began) / 1000).toFixed(1)} s.`);
process.exit(ok ? 0 : 1);

/** Starts a program and shows it as one would type it. */
function start(title, command, output = 'pipe') {
  const shown = command[0] === process.execPath ? ['node', ...command.slice(1)] : command;
  if (title) console.log(`${title}\n  ${shown.join(' ')}\n`);
  const child = spawn(command[0], command.slice(1), { stdio: ['ignore', output, output] });
  child.said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text) => (child.said += text));
  }
  children.add(child);
  child.ended = new Promise((resolve, reject) => {
    child.once('error', reject).once('close', (...how) => {
      children.delete(child);
      resolve(how);
    });
  });
  return child;
}

/** Waits for a program's end. */
async function finished(child, mustSucceed = true) {
  const [code, signal] = await child.ended;
  if (mustSucceed && code !== 0) {
    console.error(`The demo stopped: that ended with ${code ?? signal}.\n${child.said}`);
    process.exit(1);
  }
  return [code, signal];
}

/** Lets the node go through a lifecycle transition. */
async function transition(title, id, state) {
  console.log(`${title}\n`);
  const change = demo.createClient('lifecycle_msgs/srv/ChangeState', '/policy/change_state');
  const get = demo.createClient('lifecycle_msgs/srv/GetState', '/policy/get_state');
  await until('the node', () => change.isServiceServerAvailable());
  await change.sendRequestAsync({ transition: { id, label: '' } });
  await until(`the node ${state}`, async () => {
    const { current_state: current } = await get.sendRequestAsync({});
    return current.label === state;
  });
}

async function until(what, holds, withinMs = 30_000) {
  const end = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > end || node.exitCode !== null) {
      throw new Error(`${what}: not within ${withinMs} ms; the node said:\n${node.said}`);
    }
    await sleep(20);
  }
}
