/**
 * What ridge regression needs of linear algebra, in double precision on row-major typed arrays: mathjs works on
 * nested arrays and is a hundred times too slow for Gram matrices of a thousand rows.
 */

/** X^T X + ridge I of X (rows, columns); only the lower triangle is filled. */
export function gramMatrix(
  x: Float64Array,
  rows: number,
  columns: number,
  ridge: number,
): Float64Array {
  const gram = new Float64Array(columns * columns);
  for (let row = 0; row < rows; row++) {
    const at = row * columns;
    for (let i = 0; i < columns; i++) {
      const factor = x[at + i]!;
      if (factor === 0) continue;
      const to = i * columns;
      for (let j = 0; j <= i; j++) gram[to + j]! += factor * x[at + j]!;
    }
  }
  for (let i = 0; i < columns; i++) gram[i * columns + i]! += ridge;
  return gram;
}

/**
 * Cholesky factor L of a symmetric positive definite (n, n) matrix, in place of its lower triangle.
 * @throws RangeError when it is not positive definite
 */
export function cholesky(a: Float64Array, n: number): Float64Array {
  for (let i = 0; i < n; i++) {
    const rowI = i * n;
    for (let j = 0; j <= i; j++) {
      const rowJ = j * n;
      let sum = a[rowI + j]!;
      for (let k = 0; k < j; k++) sum -= a[rowI + k]! * a[rowJ + k]!;
      if (j < i) {
        a[rowI + j] = sum / a[rowJ + j]!;
        continue;
      }
      if (!(sum > 0)) throw new RangeError(`not positive definite at ${i} of ${n}`);
      a[rowI + i] = Math.sqrt(sum);
    }
  }
  return a;
}

/** Every row of X (rows, n) replaced by z with L z = x. @param lower (n, n) */
export function solveLowerRows(lower: Float64Array, n: number, x: Float64Array): Float64Array {
  const rows = x.length / n;
  for (let row = 0; row < rows; row++) {
    const at = row * n;
    for (let j = 0; j < n; j++) {
      const rowJ = j * n;
      let sum = x[at + j]!;
      for (let k = 0; k < j; k++) sum -= lower[rowJ + k]! * x[at + k]!;
      x[at + j] = sum / lower[rowJ + j]!;
    }
  }
  return x;
}

/** B (n, columns) replaced by the solution W of L^T W = B. @param lower (n, n) */
export function solveUpperColumns(lower: Float64Array, n: number, b: Float64Array): Float64Array {
  const columns = b.length / n;
  for (let j = n - 1; j >= 0; j--) {
    const at = j * columns;
    const pivot = 1 / lower[j * n + j]!;
    for (let c = 0; c < columns; c++) b[at + c]! *= pivot;
    for (let k = 0; k < j; k++) {
      const factor = lower[j * n + k]!;
      const to = k * columns;
      for (let c = 0; c < columns; c++) b[to + c]! -= factor * b[at + c]!;
    }
  }
  return b;
}

/** Solves L Y = B in place, B (n, columns). @param lower (n, n) */
export function solveLowerColumns(lower: Float64Array, n: number, b: Float64Array): Float64Array {
  const columns = b.length / n;
  for (let j = 0; j < n; j++) {
    const at = j * columns;
    for (let k = 0; k < j; k++) {
      const factor = lower[j * n + k]!;
      const from = k * columns;
      for (let c = 0; c < columns; c++) b[at + c]! -= factor * b[from + c]!;
    }
    const pivot = 1 / lower[j * n + j]!;
    for (let c = 0; c < columns; c++) b[at + c]! *= pivot;
  }
  return b;
}

/** a (m, k) times b (k, n). */
export function product(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  m: number,
  k: number,
  n: number,
): Float64Array {
  const c = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    const to = i * n;
    for (let l = 0; l < k; l++) {
      const factor = a[i * k + l]!;
      if (factor === 0) continue;
      const from = l * n;
      for (let j = 0; j < n; j++) c[to + j]! += factor * b[from + j]!;
    }
  }
  return c;
}
