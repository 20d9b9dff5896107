import type { PolicyNode } from './policy_node.js';
import type { RosPeer } from './ros_peer.js';

/** rcl_interfaces/msg/ParameterType. */
export const PARAMETER_TYPES = {
  not_set: 0,
  bool: 1,
  integer: 2,
  double: 3,
  string: 4,
  byte_array: 5,
  bool_array: 6,
  integer_array: 7,
  double_array: 8,
  string_array: 9,
} as const;
export type ParameterType = keyof typeof PARAMETER_TYPES;

/** A value with its type; numbers need it said whether they are integers. */
export type TypedValue = readonly [type: ParameterType, value?: unknown];

/** rcl_interfaces/msg/ParameterDescriptor, as far as tests look at it. */
export interface ParameterDescriptor {
  readonly name: string;
  readonly type: number;
  readonly description: string;
  readonly additional_constraints: string;
  readonly read_only: boolean;
  readonly floating_point_range: { from_value: number; to_value: number; step: number }[];
  readonly integer_range: { from_value: number; to_value: number; step: number }[];
}

/** Sets one parameter. @returns undefined, or the reason it was refused */
export async function setParameter(
  peer: RosPeer,
  node: PolicyNode,
  name: string,
  [type, value]: TypedValue,
): Promise<string | undefined> {
  const field = type === 'not_set' ? {} : { [`${type}_value`]: value };
  const { results } = await peer.call<{ results: { successful: boolean; reason: string }[] }>(
    node.own('set_parameters'),
    'rcl_interfaces/srv/SetParameters',
    { parameters: [{ name, value: { type: PARAMETER_TYPES[type], ...field } }] },
  );
  return results[0]!.successful ? undefined : results[0]!.reason;
}

/** The values of some parameters; undefined for one that is not set. */
export async function getParameters(
  peer: RosPeer,
  node: PolicyNode,
  names: readonly string[],
): Promise<unknown[]> {
  const { values } = await peer.call<{ values: Record<string, unknown>[] }>(
    node.own('get_parameters'),
    'rcl_interfaces/srv/GetParameters',
    { names },
  );
  const types = Object.keys(PARAMETER_TYPES) as ParameterType[];
  return values.map((value) => value[`${types[value['type'] as number]!}_value`]);
}

/** What the node says of its parameters. */
export async function describeParameters(
  peer: RosPeer,
  node: PolicyNode,
  names: readonly string[],
): Promise<ParameterDescriptor[]> {
  const { descriptors } = await peer.call<{ descriptors: ParameterDescriptor[] }>(
    node.own('describe_parameters'),
    'rcl_interfaces/srv/DescribeParameters',
    { names },
  );
  return descriptors;
}

/** All names the node has. */
export async function listParameters(peer: RosPeer, node: PolicyNode): Promise<string[]> {
  const { result } = await peer.call<{ result: { names: string[] } }>(
    node.own('list_parameters'),
    'rcl_interfaces/srv/ListParameters',
    { prefixes: [], depth: 0 },
  );
  return result.names;
}
