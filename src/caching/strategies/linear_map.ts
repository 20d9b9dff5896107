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
  const sum = new Float64Array(width);
  const whole = width - (width % 4);
  for (let row = 0; row < stream.length; row += width) {
    sum.set(bias);
    // Four inputs at once: what takes the time is to fetch and keep the sums.
    for (let i = 0; i < whole; i += 4) {
      const [a, b] = [stream[row + i]!, stream[row + i + 1]!];
      const [c, d] = [stream[row + i + 2]!, stream[row + i + 3]!];
      const [first, second] = [i * width, (i + 1) * width];
      const [third, fourth] = [(i + 2) * width, (i + 3) * width];
      for (let j = 0; j < width; j++) {
        sum[j]! +=
          a * weight[first + j]! +
          b * weight[second + j]! +
          c * weight[third + j]! +
          d * weight[fourth + j]!;
      }
    }
    for (let i = whole; i < width; i++) {
      const value = stream[row + i]!;
      for (let j = 0; j < width; j++) sum[j]! += value * weight[i * width + j]!;
    }
    result.set(sum, row);
  }
  return result;
}
