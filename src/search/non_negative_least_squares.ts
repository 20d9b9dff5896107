/** Sweeps over all unknowns; a dozen unknowns settle in far fewer. */
const SWEEPS = 20_000;
/** Stops when no unknown changes by more than this share. */
const SETTLED = 1e-12;

/**
 * The x >= 0 with the least |A x - b|^2, by coordinate descent (Lawson & Hanson's problem, for a dozen unknowns).
 * Columns of any scale; one that is zero everywhere gets 0.
 * @param rows A, (M, N)
 * @param values b, (M)
 */
export function nonNegativeLeastSquares(
  rows: readonly (readonly number[])[],
  values: readonly number[],
): number[] {
  const width = rows[0]?.length ?? 0;
  const norms = Array.from({ length: width }, (_, j) => Math.hypot(...rows.map((row) => row[j]!)));
  const column = (j: number): number[] => rows.map((row) => row[j]! / (norms[j]! || 1));
  const columns = norms.map((_, j) => column(j));
  const gram = columns.map((a) => columns.map((b) => dot(a, b)));
  const target = columns.map((a) => dot(a, values));
  const x = new Array<number>(width).fill(0);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let change = 0;
    for (let j = 0; j < width; j++) {
      if (norms[j] === 0) continue;
      const rest = target[j]! - dot(gram[j]!, x) + x[j]!;
      const next = Math.max(0, rest);
      change = Math.max(change, Math.abs(next - x[j]!) / (Math.abs(next) + 1e-300));
      x[j] = next;
    }
    if (change < SETTLED) break;
  }
  return x.map((value, j) => (norms[j] ? value / norms[j]! : 0));
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}
