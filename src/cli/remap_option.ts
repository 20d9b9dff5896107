import { InvalidArgumentError } from 'commander';

/** Parser of a repeatable option `FROM:=TO`, both topics, as ROS 2 writes remappings. */
export function remapOption(text: string, previous: Map<string, string>): Map<string, string> {
  const [from, to, ...rest] = text.split(':=');
  if (!from || !to || rest.length > 0) {
    throw new InvalidArgumentError('It must be FROM:=TO, both of them topics.');
  }
  return new Map(previous).set(from, to);
}
