import { availableParallelism } from 'node:os';
import { Option } from 'commander';
import { integerOption, MAX_THREADS } from './integer_option.js';

/** The option `--threads` of work whose result does not depend on it: one per core, if nothing else is said. */
export function planningThreads(description: string): Option {
  return new Option('--threads <n>', description)
    .argParser(integerOption(1, MAX_THREADS))
    .default(availableParallelism(), 'as many as there are cores');
}
