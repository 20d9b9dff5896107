import type { RclNative, RosNode } from './rclnodejs_api.js';
import type { GivenValue } from '../parameters/accept_value.js';

/**
 * Values that the command line and parameter files give a node, by parameter name. rclnodejs itself knows only
 * the keys `/**` and the bare node name; ROS 2 also has the full name and wildcards (`/ns/policy`, `/*`/policy`).
 * Keys with wildcards come first, so that what names the node goes before what names many.
 * @param context the handle of rclnodejs' context
 */
export function parameterOverrides(
  node: RosNode,
  native: RclNative,
  context: unknown,
): Map<string, GivenValue> {
  const fullName = node.getFullyQualifiedName();
  const matching = (native.getParameterOverrides(context) ?? []).filter(({ name: key }) =>
    key.startsWith('/') ? patternOf(key).test(fullName) : key === node.name(),
  );
  const values = new Map<string, GivenValue>();
  for (const wildcard of [true, false]) {
    for (const { name: key, parameters } of matching) {
      if (key.includes('*') !== wildcard) continue;
      for (const { name, type, value } of parameters) values.set(name, { type, value });
    }
  }
  return values;
}

/** `*` is one part of a name, `**` any number of them. */
function patternOf(key: string): RegExp {
  const parts = key
    .split('/')
    .slice(1)
    .map((part) => {
      if (part === '**') return '(/[^/]+)*';
      if (part === '*') return '/[^/]+';
      return `/${part.replaceAll(/[^A-Za-z0-9_]/g, String.raw`\$&`)}`;
    });
  return new RegExp(`^${parts.join('')}$`);
}
