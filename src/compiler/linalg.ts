/**
 * Dense matrices of the size of a network's weights, on typed arrays. mathjs, which the project uses for
 * statistics, works on nested arrays of numbers and is far too slow at this size.
 */

/** A (rows, columns) matrix, row-major. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float64Array | Float32Array;
}

/** Makes a matrix. @throws RangeError when `data` does not fill it */
export function matrix(rows: number, columns: number, data: Float64Array | Float32Array): Matrix {
  if (data.length !== rows * columns) {
    throw new RangeError(`${data.length} values do not fill (${rows}, ${columns})`);
  }
  return { rows, columns, data };
}

/** a (M, K) times b (K, N), accumulated in double precision. */
export function multiply(a: Matrix, b: Matrix): Matrix {
  if (a.columns !== b.rows)
    throw new RangeError(`(${a.rows}, ${a.columns}) x (${b.rows}, ${b.columns})`);
  const data = new Float64Array(a.rows * b.columns);
  for (let row = 0; row < a.rows; row++) {
    const begin = row * b.columns;
    for (let inner = 0; inner < a.columns; inner++) {
      const factor = a.data[row * a.columns + inner]!;
      if (factor === 0) continue;
      const other = inner * b.columns;
      for (let column = 0; column < b.columns; column++) {
        data[begin + column]! += factor * b.data[other + column]!;
      }
    }
  }
  return { rows: a.rows, columns: b.columns, data };
}

/** Rows become columns. */
export function transpose(a: Matrix): Matrix {
  const data = alike(a, a.data.length);
  for (let row = 0; row < a.rows; row++) {
    for (let column = 0; column < a.columns; column++) {
      data[column * a.rows + row] = a.data[row * a.columns + column]!;
    }
  }
  return { rows: a.columns, columns: a.rows, data };
}

/** Room for as many values, in the precision of `a`: weights stay single, folded constants double. */
function alike(a: Matrix, length: number): Float32Array | Float64Array {
  return a.data instanceof Float32Array ? new Float32Array(length) : new Float64Array(length);
}

/** a + b; b may be one row, which is added to every row. */
export function plus(a: Matrix, b: Matrix): Matrix {
  if (b.columns !== a.columns || (b.rows !== a.rows && b.rows !== 1)) {
    throw new RangeError(`(${a.rows}, ${a.columns}) + (${b.rows}, ${b.columns})`);
  }
  const data = new Float64Array(a.data.length);
  for (let i = 0; i < data.length; i++) data[i] = a.data[i]! + b.data[i % b.data.length]!;
  return { ...a, data };
}

/** Every element through a function. */
export function map(a: Matrix, f: (value: number, row: number, column: number) => number): Matrix {
  const data = new Float64Array(a.data.length);
  let i = 0;
  for (let row = 0; row < a.rows; row++) {
    for (let column = 0; column < a.columns; column++, i++) data[i] = f(a.data[i]!, row, column);
  }
  return { ...a, data };
}

/** diag(scale) a: row i times scale[i]. */
export function scaleRows(scale: ArrayLike<number>, a: Matrix): Matrix {
  const data = alike(a, a.data.length);
  for (let row = 0, i = 0; row < a.rows; row++) {
    const factor = scale[row]!;
    for (let column = 0; column < a.columns; column++, i++) data[i] = factor * a.data[i]!;
  }
  return { ...a, data };
}

/** The columns `begin` to `end` (excluded). */
export function columns(a: Matrix, begin: number, end: number): Matrix {
  const data = alike(a, a.rows * (end - begin));
  for (let row = 0; row < a.rows; row++) {
    data.set(a.data.subarray(row * a.columns + begin, row * a.columns + end), row * (end - begin));
  }
  return { rows: a.rows, columns: end - begin, data };
}

/** Matrices of as many rows side by side. */
export function beside(parts: readonly Matrix[]): Matrix {
  const rows = parts[0]!.rows;
  const width = parts.reduce((sum, part) => sum + part.columns, 0);
  const data = parts.every((part) => part.data instanceof Float32Array)
    ? new Float32Array(rows * width)
    : new Float64Array(rows * width);
  let at = 0;
  for (const part of parts) {
    for (let row = 0; row < rows; row++) {
      data.set(part.data.subarray(row * part.columns, (row + 1) * part.columns), row * width + at);
    }
    at += part.columns;
  }
  return { rows, columns: width, data };
}

/** Matrices of as many columns one below the other. */
export function below(parts: readonly Matrix[]): Matrix {
  const width = parts[0]!.columns;
  const count = parts.reduce((sum, part) => sum + part.rows, 0);
  const data = new Float64Array(count * width);
  let at = 0;
  for (const part of parts) {
    if (part.columns !== width) throw new RangeError(`${part.columns} columns below ${width}`);
    data.set(part.data, at);
    at += part.data.length;
  }
  return { rows: count, columns: width, data };
}

/** A vector as a matrix of one row. */
export function rowVector(values: Float32Array | Float64Array): Matrix {
  return { rows: 1, columns: values.length, data: values };
}

/** Rounded to single precision, as constants of a graph are. */
export function toFloat32(a: Matrix): Float32Array {
  return a.data instanceof Float32Array ? a.data : new Float32Array(a.data);
}

/**
 * An orthonormal basis of the space that the rows span (modified Gram-Schmidt, twice for stability).
 * Rows that depend on earlier ones, up to rounding, add nothing.
 */
export function orthonormalRows(a: Matrix): Matrix {
  const basis: Float64Array[] = [];
  for (let row = 0; row < a.rows; row++) {
    const vector = Float64Array.from(a.data.subarray(row * a.columns, (row + 1) * a.columns));
    const before = Math.sqrt(dot(vector, vector));
    for (let pass = 0; pass < 2; pass++) {
      for (const direction of basis) {
        const part = dot(vector, direction);
        for (let i = 0; i < vector.length; i++) vector[i]! -= part * direction[i]!;
      }
    }
    const norm = Math.sqrt(dot(vector, vector));
    if (norm > 1e-9 * before) basis.push(vector.map((value) => value / norm));
  }
  const data = new Float64Array(basis.length * a.columns);
  basis.forEach((vector, row) => data.set(vector, row * a.columns));
  return { rows: basis.length, columns: a.columns, data };
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
