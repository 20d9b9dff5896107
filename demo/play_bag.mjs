// Plays a bag over DDS at the speed it was recorded, with its time on /clock, as `ros2 bag play --clock 100` does:
// for machines where rosbag2 is not installed. ROS 2 must be sourced (`. scripts/ros/env.bash`).
//
//   node demo/play_bag.mjs BAG [--topic TOPIC]... [--rate FACTOR]
import { Buffer } from 'node:buffer';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { setInterval, clearInterval } from 'node:timers';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { bagFiles } from '../dist/src/bag/bag_files.js';
import { McapFile } from '../dist/src/bag/mcap_file.js';
import { loadRclnodejs } from '../dist/src/ros/load_rclnodejs.js';

const CLOCK_PERIOD_MS = 10;
/** Before the first and behind the last message, so that whoever lives by /clock has time to act, ms. */
const CLOCK_MARGIN_MS = 500;
/** For subscribers to be found. */
const PATIENCE_MS = 15_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { topic: { type: 'string', multiple: true }, rate: { type: 'string', default: '1' } },
});
const [path] = positionals;
const rate = Number(values.rate);
if (path === undefined || !(rate > 0)) {
  console.error('usage: node demo/play_bag.mjs BAG [--topic TOPIC]... [--rate FACTOR]');
  process.exit(2);
}

const messages = [];
for (const file of await bagFiles(path)) {
  const mcap = await McapFile.open(file);
  const wanted = (topic) => values.topic === undefined || values.topic.includes(topic);
  for await (const { channel, logTimeNs, data } of mcap.messages(wanted, console.error)) {
    const { topic, schemaName: type } = channel;
    messages.push({ topic, type, logTimeNs, cdr: Buffer.from(data) });
  }
  await mcap.close();
}
if (messages.length === 0) {
  console.error(`${path} has no messages of these topics`);
  process.exit(2);
}

const { rcl } = await loadRclnodejs();
await rcl.init();
const node = rcl.createNode('play_bag');
node.spin(10);
const reliable = { qos: new rcl.QoS(1, 100, 1, 2) };
const clock = node.createPublisher('rosgraph_msgs/msg/Clock', '/clock', reliable);
const publishers = new Map();
for (const { topic, type } of messages) {
  if (!publishers.has(topic)) publishers.set(topic, node.createPublisher(type, topic, reliable));
}
for (const [topic, publisher] of publishers) {
  for (let waited = 0; publisher.subscriptionCount === 0; waited += 20) {
    if (waited > PATIENCE_MS) {
      console.error(`nobody listens to ${topic}; played all the same`);
      break;
    }
    await sleep(20);
  }
}

// Time of the bag goes on as the steady clock does.
const beginNs = messages[0].logTimeNs - BigInt(CLOCK_MARGIN_MS * 1e6);
const began = performance.now();
const bagTime = () => beginNs + BigInt(Math.round((performance.now() - began) * rate * 1e6));
const clocks = setInterval(() => {
  const now = bagTime();
  const stamp = { sec: Number(now / 1_000_000_000n), nanosec: Number(now % 1_000_000_000n) };
  clock.publish({ clock: stamp });
}, CLOCK_PERIOD_MS);
for (const { topic, logTimeNs, cdr } of messages) {
  const waitMs = Number(logTimeNs - bagTime()) / 1e6 / rate;
  if (waitMs > 0) await sleep(waitMs);
  publishers.get(topic).publish(cdr);
}
await sleep(CLOCK_MARGIN_MS / rate);
clearInterval(clocks);
console.log(`${messages.length} messages of ${publishers.size} topics`);
rcl.shutdown();
process.exit(0);
