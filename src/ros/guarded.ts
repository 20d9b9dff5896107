import { messageOf } from '../errors.js';
import type { RosLogger, RosNode } from './rclnodejs_api.js';

/**
 * Wraps a callback so that nothing it throws gets out. rclnodejs calls callbacks from native code, and an
 * exception there ends the process (SIGABRT) without a word.
 * @param what the callback, for the log
 */
export function guarded<A extends unknown[]>(
  logger: RosLogger,
  what: string,
  callback: (...args: A) => void,
): (...args: A) => void {
  return (...args) => {
    try {
      callback(...args);
    } catch (error) {
      logger.error(`${what}: ${messageOf(error)}`);
    }
  };
}

/** A second net under all callbacks of a node, those of rclnodejs' own services and subscriptions included. */
export function guardExecutor(node: RosNode): void {
  const execute = node.execute.bind(node);
  node.execute = guarded(node.getLogger(), 'a callback failed', execute);
}
