import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Context } from 'mocha';

/** The root of the checkout. */
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const ENVIRONMENT = join(ROOT, 'scripts/ros/env.bash');
const MAX_OUTPUT_BYTES = 2 ** 28;

/** Runs a program with ROS 2 and our own package in its environment. @throws Error when it fails */
export function runWithRos(command: readonly string[], input = ''): string {
  const { status, stdout, stderr, error } = spawnSync(
    'bash',
    ['-c', '. "$0" && exec "$@"', ENVIRONMENT, ...command],
    { input, encoding: 'utf8', maxBuffer: MAX_OUTPUT_BYTES },
  );
  if (status !== 0) {
    throw new Error(`${command.join(' ')} failed: ${error?.message ?? stderr}`);
  }
  return stdout;
}

/** Runs a script of test/ros by the Python of ROS 2, JSON in and JSON out. */
export function runRosScript(name: string, input: unknown = null): unknown {
  const script = join(ROOT, 'test/ros', name);
  return JSON.parse(runWithRos(['python3', script], JSON.stringify(input)));
}

/**
 * Skips the suite, and says why, where ROS 2 or our messages are not set up; with CI=true they must be.
 * To be called in `before`.
 */
export function requireRos(context: Context): void {
  try {
    runWithRos(['python3', '-c', 'import rclpy, bac_policy.msg']);
    for (const made of ['build/Release/rclnodejs.node', 'generated/bac_policy']) {
      const path = join(ROOT, 'node_modules/rclnodejs', made);
      if (!existsSync(path)) throw new Error(`${path} is missing`);
    }
  } catch (error) {
    if (process.env['CI'] === 'true') throw error;
    const reason = (error as Error).message.trim().split('\n').at(-1);
    process.stdout.write(
      `    skipped: ${reason}; scripts/setup_ros.sh and build_ros.sh set it up\n`,
    );
    context.skip();
  }
}

/** Messages as JSON holds them. */
export function asJson(message: unknown): unknown {
  const text = JSON.stringify(message, (_, value: unknown) => {
    if (ArrayBuffer.isView(value)) return Array.from(value as Uint8Array);
    return typeof value === 'bigint' ? Number(value) : value;
  });
  return JSON.parse(text);
}
