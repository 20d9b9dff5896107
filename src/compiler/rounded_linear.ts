import type { Linear } from './denoiser_weights.js';
import type { GraphBuilder, Value } from './graph.js';
import { quantiseColumns } from './quantise_columns.js';

/**
 * What `int8Linear` computes, in 32-bit floats and for a batch: x weight + bias, (B T, in) -> (B T, out), the
 * weight rounded to integers column by column, x as each sample comes, with one scale and zero point.
 * @param samples B
 */
export function roundedLinear(
  g: GraphBuilder,
  name: string,
  { weight, bias }: Linear,
  samples: number,
  x: Value,
): Value {
  const rounded = (): Float32Array => {
    const { integers, scales } = quantiseColumns(weight);
    return Float32Array.from(integers, (value, i) => value * scales[i % weight.columns]!);
  };
  return g.gemm(
    roundSamples(g, x, samples),
    g.constant(`${name}.weight`, [weight.rows, weight.columns], rounded),
    g.constant(`${name}.bias`, [weight.columns], () => bias),
  );
}

/** Rounds to 256 levels between the smallest and the largest value of each sample, zero among them. */
function roundSamples(g: GraphBuilder, x: Value, samples: number): Value {
  const values = g.reshape(x, [samples, x.shape.reduce((a, b) => a * b, 1) / samples]);
  const each = [samples, 1];
  const axes = { axes: [1], keepdims: 1 };
  const none = g.scalar(0);
  const low = g.node('Min', [g.node('ReduceMin', [values], each, axes), none], each);
  const high = g.node('Max', [g.node('ReduceMax', [values], each, axes), none], each);
  const range = g.node('Max', [g.binary('Sub', high, low), g.scalar(1e-30)], each);
  const scale = g.binary('Div', range, g.scalar(255));
  const round = (value: Value): Value => g.node('Round', [value], value.shape);
  const zero = round(g.binary('Div', g.binary('Sub', none, low), scale));
  const levels = g.clip(g.add(round(g.binary('Div', values, scale)), zero), 0, 255);
  return g.reshape(g.binary('Mul', g.binary('Sub', levels, zero), scale), x.shape);
}
