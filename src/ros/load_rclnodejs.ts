import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { BadInput } from '../errors.js';
import type { Rclnodejs, RclNative } from './rclnodejs_api.js';

/**
 * Loads rclnodejs. It is looked at first whether it can work: without a ROS 2 in the environment, merely
 * importing it would begin to build it anew, and delete the build there is.
 * @throws BadInput saying what has to be set up
 */
export async function loadRclnodejs(): Promise<{ rcl: Rclnodejs; native: RclNative }> {
  const setUp = 'run `make ros` in the source tree of bac_policy';
  if (!process.env['AMENT_PREFIX_PATH'] || !process.env['ROS_DISTRO']) {
    throw new BadInput('no ROS 2 is sourced', 'the environment', `source one (${setUp})`);
  }
  let root: string;
  try {
    root = dirname(createRequire(import.meta.url).resolve('rclnodejs/package.json'));
  } catch {
    throw new BadInput('is not installed', 'rclnodejs', setUp);
  }
  if (!existsSync(join(root, 'build/Release/rclnodejs.node'))) {
    throw new BadInput('is not built for this ROS 2', root, setUp);
  }
  if (!existsSync(join(root, 'generated/bac_policy'))) {
    throw new BadInput('has not generated the messages of bac_policy', root, setUp);
  }
  // As strings, so that the compiler does not ask for the type definitions of a package that may be missing.
  const [name, native] = ['rclnodejs', 'rclnodejs/lib/native_loader.js'];
  const module = (await import(name)) as { default: Rclnodejs };
  // Its handler of SIGINT would destroy the node while that still brings the robot to rest.
  module.default.removeSignalHandlers();
  const addon = (await import(native)) as { default: RclNative };
  return { rcl: module.default, native: addon.default };
}
