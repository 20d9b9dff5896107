import type { Architecture } from '../../policy/manifest.js';
import type { Attention, Linear } from '../denoiser_weights.js';
import { additiveMask } from '../layers.js';
import { type Matrix, multiply, plus, rowVector } from '../linalg.js';

/** What the time token of one step is to one layer, at the places of the time token and zero elsewhere. */
export interface TimeColumns {
  /** (heads keys, E) */
  readonly scores: Float32Array;
  /** (heads keys, E) */
  readonly values: Float32Array;
  /** (T, heads keys), with the mask of all tokens. */
  readonly bias: Float32Array;
}

/**
 * Folds the time token of a step into the projections around it, see {@link FoldedCrossAttention}.
 * @param token its memory, (1, E)
 * @param query of the layer, with the LayerNorm before it folded in
 * @param sees which query sees which key; undefined = every
 */
export function timeColumns(
  { heads, horizon, embedding: e }: Architecture,
  keys: number,
  token: Matrix,
  { key, value, output }: Attention,
  query: Linear,
  sees: ((query: number, key: number) => boolean) | undefined,
): TimeColumns {
  const d = e / heads;
  const keyRow = plus(multiply(token, key.weight), rowVector(key.bias)).data;
  const valueRow = plus(multiply(token, value.weight), rowVector(value.bias)).data;
  const scores = new Float32Array(heads * keys * e);
  const values = new Float32Array(heads * keys * e);
  const bias = additiveMask(horizon, heads * keys, (t, column) => sees?.(t, column % keys) ?? true);
  for (let head = 0; head < heads; head++) {
    const part = (row: ArrayLike<number>, begin: number): number => {
      let sum = 0;
      for (let i = 0; i < d; i++) sum += row[begin + i]! * keyRow[head * d + i]!;
      return sum / Math.sqrt(d);
    };
    for (let t = 0; t < horizon; t++) {
      bias[t * heads * keys + head * keys]! += part(query.bias, head * d);
    }
    for (let column = 0; column < e; column++) {
      scores[head * keys * e + column] = part(query.weight.data, column * e + head * d);
      let sum = 0;
      for (let i = 0; i < d; i++) {
        sum += valueRow[head * d + i]! * output.weight.data[(head * d + i) * e + column]!;
      }
      values[head * keys * e + column] = sum;
    }
  }
  return { scores, values, bias };
}
