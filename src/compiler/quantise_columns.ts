import type { Matrix } from './linalg.js';

/** Largest magnitude of a weight in 8 bits; -128 is left out, so that the range is symmetric. */
export const WHOLE_RANGE = 127;

/**
 * Largest magnitude where 8-bit products are added up in pairs of 16 bits before they are widened (x86 without
 * VNNI): 2 * 255 * 63 fits, 2 * 255 * 127 does not.
 */
export const REDUCED_RANGE = 63;

/** Weights in 8 bits: column j of the matrix is scales[j] times the integers. */
export interface QuantisedColumns {
  /** (rows, columns), row-major. */
  readonly integers: Int8Array;
  /** (columns) */
  readonly scales: Float32Array;
}

/** Rounds every column to integers up to `limit` in magnitude, with a scale of its own. */
export function quantiseColumns({ rows, columns, data }: Matrix, limit: number): QuantisedColumns {
  const largest = new Float64Array(columns);
  for (let i = 0; i < data.length; i++) {
    const magnitude = Math.abs(data[i]!);
    if (magnitude > largest[i % columns]!) largest[i % columns] = magnitude;
  }
  // Of a column of zeros, any scale is right.
  const scales = Float32Array.from(largest, (value) => (value > 0 ? value / limit : 1));
  const integers = new Int8Array(rows * columns);
  for (let i = 0; i < data.length; i++) integers[i] = Math.round(data[i]! / scales[i % columns]!);
  return { integers, scales };
}
