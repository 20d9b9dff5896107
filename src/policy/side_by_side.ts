/**
 * Matrices of as many rows side by side: what is known of one observation, in one row.
 * @param parts each (rows, own width)
 * @returns (rows, sum of widths)
 */
export function sideBySide(parts: readonly Float32Array[], rows: number): Float32Array {
  const width = parts.reduce((sum, part) => sum + part.length / rows, 0);
  const joined = new Float32Array(rows * width);
  let at = 0;
  for (const part of parts) {
    const size = part.length / rows;
    for (let row = 0; row < rows; row++) {
      joined.set(part.subarray(row * size, (row + 1) * size), row * width + at);
    }
    at += size;
  }
  return joined;
}
