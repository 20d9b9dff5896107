/**
 * What ridge regression needs of linear algebra, in double precision on row-major typed arrays: mathjs works on
 * nested arrays and is a hundred times too slow for Gram matrices of a thousand rows.
 */

/**
 * Cholesky factor L of a symmetric positive definite (n, n) matrix, in place of its lower triangle.
 * @throws RangeError when it is not positive definite
 */
export function cholesky(a: Float64Array, n: number): Float64Array {
  // Four columns at a time: four sums that do not wait for each other, three times as fast as one by one.
  for (let j = 0; j < n; j += 4) {
    const width = Math.min(4, n - j);
    const [rowA, rowB, rowC, rowD] = [0, 1, 2, 3].map((c) => Math.min(j + c, n - 1) * n) as [
      number,
      number,
      number,
      number,
    ];
    for (let i = j; i < n; i++) {
      const rowI = i * n;
      let [sumA, sumB, sumC, sumD] = [0, 0, 0, 0];
      for (let k = 0; k < j; k++) {
        const factor = a[rowI + k]!;
        sumA += factor * a[rowA + k]!;
        sumB += factor * a[rowB + k]!;
        sumC += factor * a[rowC + k]!;
        sumD += factor * a[rowD + k]!;
      }
      const sums = [sumA, sumB, sumC, sumD];
      for (let c = 0; c < width && j + c <= i; c++) {
        const column = j + c;
        let value = a[rowI + column]! - sums[c]!;
        for (let k = j; k < column; k++) value -= a[rowI + k]! * a[column * n + k]!;
        if (column < i) {
          a[rowI + column] = value / a[column * n + column]!;
          continue;
        }
        if (!(value > 0)) throw new RangeError(`not positive definite at ${i} of ${n}`);
        a[rowI + i] = Math.sqrt(value);
      }
    }
  }
  return a;
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
