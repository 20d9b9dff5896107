/** What rows are compared by; null where it was not measured. */
export interface Compared {
  readonly error: number | null;
  readonly ms: number | null;
  readonly cost: number;
}

/**
 * Whether no other row has a smaller error at most its `by`, nor the same error for less. Rows without an error, or
 * without `by`, are not compared.
 */
export function isBest(row: Compared, rows: readonly Compared[], by: 'ms' | 'cost'): boolean {
  const [error, price] = [row.error, row[by]];
  if (error === null || price === null) return false;
  return !rows.some(
    (other) =>
      other !== row &&
      other.error !== null &&
      other[by] !== null &&
      other.error <= error &&
      other[by] <= price &&
      (other.error < error || other[by] < price),
  );
}
