/** A square matrix of 64-bit floats, row-major: entry (a, b) is `values[a * size + b]`. */
export interface SquareMatrix {
  readonly size: number;
  readonly values: Float64Array;
}

/** Makes a square matrix from its entries. */
export function squareMatrix(
  size: number,
  entry: (row: number, column: number) => number,
): SquareMatrix {
  return {
    size,
    values: Float64Array.from({ length: size * size }, (_, i) =>
      entry(Math.floor(i / size), i % size),
    ),
  };
}
