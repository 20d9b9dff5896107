import { BadInput } from '../errors.js';
import type { ActionSpec } from '../policy/manifest.js';
import type { FloatTensor } from '../policy/safetensors.js';

/**
 * A field of upstream's `LinearNormalizer` as a scale and an offset per value of one observation or action.
 * Upstream applies the same `n` scales to every `n` values in turn, so they are repeated up to `size`.
 * @param size values of the field
 * @param where file and tensor, for error messages
 * @throws BadInput when the lengths do not fit or a value is not finite
 */
export function normaliserFrom(
  scale: FloatTensor,
  offset: FloatTensor,
  size: number,
  where: string,
): ActionSpec['normaliser'] {
  const length = scale.data.length;
  if (length === 0 || size % length !== 0 || offset.data.length !== length) {
    throw new BadInput(
      `has ${length} scales and ${offset.data.length} offsets for ${size} values`,
      where,
      'the checkpoint does not fit its configuration',
    );
  }
  const expand = (values: Float32Array): number[] =>
    Array.from({ length: size }, (_, i) => values[i % length]!);
  return { scale: expand(scale.data), offset: expand(offset.data) };
}
