import type { Linear } from './denoiser_weights.js';
import type { GraphBuilder, Value } from './graph.js';
import { linear, type SelfAttention } from './layers.js';
import type { Matrix } from './linalg.js';
import { CONTRIB } from './onnx_model.js';
import { type QuantisedColumns, quantiseColumns } from './quantise_columns.js';

/** What makes x weight + bias. */
export function linearIn(int8: boolean): typeof linear {
  return int8 ? int8Linear : linear;
}

/**
 * x weight + bias in 8-bit integers: (R, in) -> (R, out), one node. Every output column of the weight has a scale
 * of its own; x is quantised as it comes, with one scale and zero point over all its elements.
 */
export function int8Linear(
  graph: GraphBuilder,
  name: string,
  { weight, bias }: Linear,
  x: Value,
): Value {
  const [rows, inner] = x.shape as [number, number];
  if (inner !== weight.rows) {
    throw new RangeError(`${name}: [${x.shape.join()}] times ${weight.rows} rows`);
  }
  const { integers, scales } = int8Constants(graph, name, weight);
  const shift = graph.constant(`${name}.bias`, [weight.columns], () => bias);
  return graph.node(
    'DynamicQuantizeMatMul',
    [x, integers, scales, undefined, shift],
    [rows, weight.columns],
    {},
    { domain: CONTRIB, multiplyAdds: rows * inner * weight.columns },
  );
}

/**
 * Batched product with constant matrices in 8-bit integers: (B, M, K) x (B, K, N) -> (B, M, N); x with one scale
 * for all.
 */
export function int8MatMul(
  graph: GraphBuilder,
  name: string,
  matrices: () => readonly Matrix[],
  columns: number,
  x: Value,
): Value {
  const [batch, rows, inner] = x.shape as [number, number, number];
  let quantised: QuantisedColumns[] | undefined;
  const all = (): QuantisedColumns[] =>
    (quantised ??= matrices().map((matrix) => quantiseColumns(matrix)));
  const integers = graph.bytes(`${name}.integers`, [batch, inner, columns], () => {
    const data = new Int8Array(batch * inner * columns);
    all().forEach((part, i) => data.set(part.integers, i * inner * columns));
    return data;
  });
  const scales = graph.constant(`${name}.scales`, [batch, 1, columns], () => {
    const data = new Float32Array(batch * columns);
    all().forEach((part, i) => data.set(part.scales, i * columns));
    return data;
  });
  return graph.node(
    'DynamicQuantizeMatMul',
    [x, integers, scales],
    [batch, rows, columns],
    {},
    { domain: CONTRIB, multiplyAdds: batch * rows * inner * columns },
  );
}

/**
 * Multi-head self-attention with its projections in 8-bit integers: (T, E) -> (T, E).
 * @param x already normed
 */
export function int8SelfAttention(
  graph: GraphBuilder,
  name: string,
  { input, output }: SelfAttention,
  options: { readonly heads: number; readonly causal: boolean },
  x: Value,
): Value {
  const [tokens, width] = x.shape as [number, number];
  const [quantised, scale, zero] = graph.nodes(
    'DynamicQuantizeLinear',
    [graph.reshape(x, [1, tokens, width])],
    [
      { shape: [1, tokens, width], type: 'uint8' },
      { shape: [], type: 'float32' },
      { shape: [], type: 'uint8' },
    ],
  ) as [Value, Value, Value];
  const { integers, scales } = int8Constants(graph, `${name}.in`, input.weight);
  const bias = graph.constant(`${name}.in.bias`, [3 * width], () => input.bias);
  const attended = graph.node(
    'QAttention',
    [quantised, integers, bias, scale, scales, undefined, zero],
    [1, tokens, width],
    { num_heads: options.heads, unidirectional: Number(options.causal) },
    { domain: CONTRIB, multiplyAdds: 3 * tokens * width * width + 2 * tokens * tokens * width },
  );
  const joined = graph.reshape(attended, [tokens, width]);
  return int8Linear(graph, `${name}.out`, output, joined);
}

/** The two constants of a weight. */
function int8Constants(
  graph: GraphBuilder,
  name: string,
  weight: Matrix,
): { integers: Value; scales: Value } {
  let quantised: QuantisedColumns | undefined;
  const whole = (): QuantisedColumns => (quantised ??= quantiseColumns(weight));
  return {
    integers: graph.bytes(
      `${name}.integers`,
      [weight.rows, weight.columns],
      () => whole().integers,
    ),
    scales: graph.constant(`${name}.scales`, [weight.columns], () => whole().scales),
  };
}
