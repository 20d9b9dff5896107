/** An affine map of tokens, y = x W + b. */
export interface LinearMap {
  /** (E, E), rows are inputs. */
  readonly weight: Float32Array;
  /** (E) */
  readonly bias: Float32Array;
}

/** The map of every token. @param stream (T, E) @returns (T, E) */
export function applyLinearMap({ weight, bias }: LinearMap, stream: Float32Array): Float32Array {
  const width = bias.length;
  const result = new Float32Array(stream.length);
  for (let row = 0; row < stream.length; row += width) {
    const sum = Float64Array.from(bias);
    for (let i = 0; i < width; i++) {
      const value = stream[row + i]!;
      const from = i * width;
      for (let j = 0; j < width; j++) sum[j]! += value * weight[from + j]!;
    }
    result.set(sum, row);
  }
  return result;
}
