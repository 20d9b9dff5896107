import type { ConfigValue } from '../../src/importers/config_value.js';
import { TrainingConfig } from '../../src/importers/training_config.js';

/** A configuration from plain objects. */
export function configFrom(value: object): TrainingConfig {
  return new TrainingConfig(convert(value), 'test.ckpt');
}

function convert(value: unknown): ConfigValue {
  if (Array.isArray(value)) return value.map(convert);
  if (typeof value === 'object' && value !== null) {
    return new Map(Object.entries(value).map(([key, item]) => [key, convert(item)]));
  }
  return value as ConfigValue;
}
