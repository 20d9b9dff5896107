/** Per-dimension affine map: normalised = physical * scale + offset. */
export interface Normaliser {
  readonly scale: readonly number[];
  readonly offset: readonly number[];
}

/**
 * Physical to normalised values, in 32-bit steps as the training code does it.
 * @param values (..., D) row-major, D the normaliser's length
 */
export function normalise(values: Float32Array, { scale, offset }: Normaliser): Float32Array {
  const width = scale.length;
  return values.map((value, i) => Math.fround(value * scale[i % width]!) + offset[i % width]!);
}

/** Inverse of {@link normalise}: physical = (normalised - offset) / scale. */
export function denormalise(values: Float32Array, { scale, offset }: Normaliser): Float32Array {
  const width = scale.length;
  return values.map((value, i) => Math.fround(value - offset[i % width]!) / scale[i % width]!);
}
