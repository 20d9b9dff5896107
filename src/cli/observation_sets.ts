import { InvalidArgumentError } from 'commander';
import type { PolicyPackage } from '../policy/policy_package.js';
import type { NamedObservations } from '../report/facts/measure_elsewhere.js';
import { recordedInputs, type RecordedInputOptions } from './recorded_inputs.js';

/** Observations that a user has a name for. */
export interface ObservationSet {
  readonly name: string;
  /** A bag, or raw vectors (`.safetensors`). */
  readonly path: string;
}

/** Observations of a set that drift is judged by; of these some are denoised. */
const MOST_OBSERVATIONS = 512;

/** Parser of a repeatable option `NAME=PATH`. */
export function observationSetOption(
  text: string,
  before: readonly ObservationSet[],
): readonly ObservationSet[] {
  const [, name, path] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (name === undefined || path === undefined) {
    throw new InvalidArgumentError('It must be NAME=PATH, a bag or a .safetensors file.');
  }
  if (before.some((other) => other.name === name)) {
    throw new InvalidArgumentError(`Two sets are called ${name}.`);
  }
  return [...before, { name, path }];
}

/** Reads the observations of sets, evenly spread where there are many. */
export async function observationSets(
  policy: PolicyPackage,
  sets: readonly ObservationSet[],
  options: Omit<RecordedInputOptions, 'samples' | 'bag' | 'vectors'>,
): Promise<NamedObservations[]> {
  const read: NamedObservations[] = [];
  for (const { name, path } of sets) {
    const from = path.endsWith('.safetensors') ? { vectors: path } : { bag: [path] };
    const found = await recordedInputs(policy, {
      ...options,
      ...from,
      samples: MOST_OBSERVATIONS,
    });
    read.push({ name, ...found });
  }
  return read;
}
