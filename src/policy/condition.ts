import type { PolicyManifest } from './manifest.js';

/**
 * Puts encoded and normalised inputs together: what the denoising network is conditioned on.
 * @param parts per input in the manifest's order, (rows, width of that input)
 * @param rows observations, or samples times observations
 * @returns (rows, Dc)
 */
export function assembleCondition(
  { architecture: { condition_dim: width } }: PolicyManifest,
  parts: readonly Float32Array[],
  rows: number,
): Float32Array {
  const condition = new Float32Array(rows * width);
  let at = 0;
  for (const part of parts) {
    const size = part.length / rows;
    for (let row = 0; row < rows; row++) {
      condition.set(part.subarray(row * size, (row + 1) * size), row * width + at);
    }
    at += size;
  }
  return condition;
}
