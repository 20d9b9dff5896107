#!/usr/bin/env node
// The executable of the ROS 2 node, started by `ros2 run bac_policy policy_node` and policy.launch.py.
import '../inference/no_telemetry.js';
import { BadInput, messageOf } from '../errors.js';
import { loadRclnodejs } from './load_rclnodejs.js';
import { PolicyNode } from './policy_node.js';

const EXIT_FAILED = 1;
const EXIT_BAD_INPUT = 2;
/** An end that hangs is worse than one without farewell, ms. */
const LONGEST_END_MS = 3000;

let node: PolicyNode | undefined;
let ending = false;

/** Ends the process in good order; a robot that moves is brought to rest. */
async function end(exitCode: number): Promise<void> {
  if (ending) return;
  ending = true;
  setTimeout(() => process.exit(exitCode), LONGEST_END_MS).unref();
  await node?.close().catch((error: unknown) => {
    process.stderr.write(`bac_policy: ${messageOf(error)}\n`);
  });
  process.exit(exitCode);
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void end(0));

process.on('unhandledRejection', (error) => {
  process.stderr.write(`bac_policy: unexpected: ${messageOf(error)}\n`);
});

try {
  const { rcl, native } = await loadRclnodejs();
  await rcl.init(undefined, process.argv);
  if (!ending) node = await PolicyNode.start(rcl, native);
} catch (error) {
  process.stderr.write(`bac_policy: ${messageOf(error)}\n`);
  await end(error instanceof BadInput ? EXIT_BAD_INPUT : EXIT_FAILED);
}
