/**
 * Square matrices that multiply flattened chunks (T A), tokens first, from the left, and by which a token depends on
 * itself and earlier ones only: of each row the columns before its own token are zero. Packed, they are left out.
 */

/** Numbers that are kept of a matrix (T A, T A). */
export function packedSize(tokens: number, width: number): number {
  return (width * width * tokens * (tokens + 1)) / 2;
}

/**
 * @param matrices (n, T A, T A)
 * @returns (n, packedSize), rows behind one another; undefined where a later token counts, or there is no matrix
 */
export function packCausal(
  matrices: Float32Array,
  tokens: number,
  width: number,
): Float32Array | undefined {
  const size = tokens * width;
  const count = matrices.length / size / size;
  if (count === 0) return undefined;
  const packed = new Float32Array(count * packedSize(tokens, width));
  let next = 0;
  for (let row = 0; row < count * size; row++) {
    const begin = firstColumn(row % size, width);
    const values = matrices.subarray(row * size, (row + 1) * size);
    if (!values.subarray(0, begin).every((value) => value === 0)) return undefined;
    packed.set(values.subarray(begin), next);
    next += size - begin;
  }
  return packed;
}

/** The matrices (n, T A, T A) of {@link packCausal}. */
export function unpackCausal(packed: Float32Array, tokens: number, width: number): Float32Array {
  const size = tokens * width;
  const count = packed.length / packedSize(tokens, width);
  const matrices = new Float32Array(count * size * size);
  let next = 0;
  for (let row = 0; row < count * size; row++) {
    const begin = firstColumn(row % size, width);
    matrices.set(packed.subarray(next, next + size - begin), row * size + begin);
    next += size - begin;
  }
  return matrices;
}

/** Of a row's own token. */
function firstColumn(row: number, width: number): number {
  return row - (row % width);
}
