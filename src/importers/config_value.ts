import { BadInput } from '../errors.js';
import { PickleObject, type PickleValue } from './pickle_values.js';

/** A training configuration as plain data; interpolations are still text (`${horizon}`). */
export type ConfigValue =
  null | boolean | number | string | readonly ConfigValue[] | ReadonlyMap<string, ConfigValue>;

/** A configuration of diffusion_policy has about 200 values, 6 levels deep. */
const MAX_VALUES = 100_000;
const MAX_DEPTH = 64;

/**
 * Unwraps what OmegaConf pickles (DictConfig, ListConfig and value nodes, each with `_content` or `_val`)
 * or a plain dict. Values of other kinds (paths, dates) become null: no number of a policy is one.
 * @throws BadInput when it is no configuration, too deep or too large
 */
export function configValueOf(value: PickleValue | undefined, where: string): ConfigValue {
  let count = 0;
  const convert = (node: PickleValue | undefined, depth: number): ConfigValue => {
    // Shared and cyclic references would otherwise unfold without end.
    if (depth > MAX_DEPTH || ++count > MAX_VALUES) {
      throw new BadInput(
        'is too deep or too large',
        `${where}, cfg`,
        'check where the file is from',
      );
    }
    if (node instanceof PickleObject) {
      const state = node.state instanceof Map ? node.state : new Map<PickleValue, PickleValue>();
      const inner = state.get('_content') ?? state.get('_val') ?? null;
      return node.type.module.startsWith('omegaconf.') ? convert(inner, depth + 1) : null;
    }
    if (node instanceof Map) {
      const result = new Map<string, ConfigValue>();
      for (const [key, item] of node) {
        if (typeof key === 'string') result.set(key, convert(item, depth + 1));
      }
      return result;
    }
    if (Array.isArray(node)) return node.map((item) => convert(item, depth + 1));
    const isScalar = ['boolean', 'number', 'string'].includes(typeof node);
    return isScalar ? (node as boolean | number | string) : null;
  };
  return convert(value, 0);
}
