import type { Matrix } from './linalg.js';

/**
 * Largest magnitude of a weight in 8 bits. x86 without VNNI adds up two products with unsigned bytes in 16 bits,
 * which overflow: with 127 that costs four times the error of rounding itself, with 63, where it never happens,
 * rounding is half as fine. In between it happens to one pair in 100,000 and costs a third of rounding's error.
 */
export const LARGEST_WEIGHT = 96;

/** Weights in 8 bits: column j of the matrix is scales[j] times the integers. */
export interface QuantisedColumns {
  /** (rows, columns), row-major. */
  readonly integers: Int8Array;
  /** (columns) */
  readonly scales: Float32Array;
}

/** Rounds every column to integers up to {@link LARGEST_WEIGHT} in magnitude, with a scale of its own. */
export function quantiseColumns({ rows, columns, data }: Matrix): QuantisedColumns {
  const largest = new Float64Array(columns);
  for (let i = 0; i < data.length; i++) {
    const magnitude = Math.abs(data[i]!);
    if (magnitude > largest[i % columns]!) largest[i % columns] = magnitude;
  }
  // Of a column of zeros, any scale is right.
  const scales = Float32Array.from(largest, (value) => (value > 0 ? value / LARGEST_WEIGHT : 1));
  const integers = new Int8Array(rows * columns);
  for (let i = 0; i < data.length; i++) integers[i] = Math.round(data[i]! / scales[i % columns]!);
  return { integers, scales };
}
