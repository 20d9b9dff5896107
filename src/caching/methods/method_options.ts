import { BadInput } from '../../errors.js';
import type { CachingMethod } from './method.js';

/**
 * Options of a method as given on a command line.
 * @param texts `key=value` each; of a key given twice the last counts
 * @throws BadInput for what is no `key=value`, or a key that the method does not have; values are checked by `make`
 */
export function parseMethodOptions(
  method: CachingMethod,
  texts: readonly string[],
): Record<string, string> {
  const keys = Object.keys(method.options.shape);
  return Object.fromEntries(
    texts.map((text) => {
      const [, key, value] = /^([a-z_]+)=(.+)$/.exec(text) ?? [];
      if (key === undefined || value === undefined) {
        throw new BadInput(`'${text}' is no key=value`, '--option', 'give, say, updates=10');
      }
      if (!keys.includes(key)) {
        const known = keys.length > 0 ? `it has ${keys.join(', ')}` : 'it has none';
        throw new BadInput(`method ${method.name} has no option '${key}'`, '--option', known);
      }
      return [key, value];
    }),
  );
}
