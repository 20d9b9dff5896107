#!/usr/bin/env node
// The executable of the ROS 2 node, started by `ros2 run bac_policy policy_node` and policy.launch.py.
import type { PolicyNode } from './policy_node.js';
import { shortenCollections } from './short_collections.js';

const EXIT_FAILED = 1;
const EXIT_BAD_INPUT = 2;
/** An end that hangs is worse than one without farewell, ms. */
const LONGEST_END_MS = 10_000;
/** rclnodejs has parameter events in the node's namespace; all ROS tools look for them here. */
const REMAPPINGS = ['--ros-args', '-r', 'parameter_events:=/parameter_events'];

shortenCollections();
let node: PolicyNode | undefined;
let ending = false;

/** Ends the process in good order; a robot that moves is brought to rest. */
async function end(exitCode: number): Promise<void> {
  if (ending) return;
  ending = true;
  setTimeout(() => process.exit(exitCode), LONGEST_END_MS).unref();
  try {
    await node?.close();
  } catch (error) {
    process.stderr.write(`bac_policy: ${String(error)}\n`);
  }
  process.exit(exitCode);
}

// Before anything that takes time is loaded, so that a signal finds them whenever it comes.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void end(0));
process.on('unhandledRejection', (error) => {
  process.stderr.write(`bac_policy: unexpected: ${String(error)}\n`);
});

await import('../inference/no_telemetry.js');
const { BadInput, messageOf } = await import('../errors.js');
try {
  const [{ loadRclnodejs }, { PolicyNode }] = await Promise.all([
    import('./load_rclnodejs.js'),
    import('./policy_node.js'),
  ]);
  const { rcl, native } = await loadRclnodejs();
  await rcl.init(undefined, [...process.argv, ...REMAPPINGS]);
  if (!ending) node = PolicyNode.start(rcl, native);
} catch (error) {
  process.stderr.write(`bac_policy: ${messageOf(error)}\n`);
  await end(error instanceof BadInput ? EXIT_BAD_INPUT : EXIT_FAILED);
}
