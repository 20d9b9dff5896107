import { InvalidArgumentError, Option } from 'commander';
import { integerOption } from './integer_option.js';

/** How bags are read: what commands that take some are told. */
export interface BagOptions {
  readonly maxAge?: number;
  readonly remap: ReadonlyMap<string, string>;
}

/** `--max-age <ms>`, milliseconds. */
export function maxAgeOption(): Option {
  return new Option(
    '--max-age <ms>',
    'age at which a topic of a bag is too old to act on (default: 2.1 control periods)',
  ).argParser(integerOption(1));
}

/** `--remap FROM:=TO`, repeatable, both topics, as ROS 2 writes remappings. */
export function remapOption(): Option {
  return new Option(
    '--remap <from:=to>',
    'read a topic of the policy from another one of the bags; may be repeated',
  )
    .argParser(withRemapping)
    .default(new Map<string, string>(), 'none');
}

function withRemapping(text: string, previous: Map<string, string>): Map<string, string> {
  const [from, to, ...rest] = text.split(':=');
  if (!from || !to || rest.length > 0) {
    throw new InvalidArgumentError('It must be FROM:=TO, both of them topics.');
  }
  return new Map(previous).set(from, to);
}
