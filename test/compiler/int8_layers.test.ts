import assert from 'node:assert/strict';
import {
  type GraphBuilder as Builder,
  GraphBuilder,
  type Value,
} from '../../src/compiler/graph.js';
import { int8Linear, int8MatMul, int8SelfAttention } from '../../src/compiler/int8_layers.js';
import { selfAttention } from '../../src/compiler/layers.js';
import { type Matrix, matrix } from '../../src/compiler/linalg.js';
import { LARGEST_WEIGHT, quantiseColumns } from '../../src/compiler/quantise_columns.js';
import { Session } from '../../src/inference/session.js';
import { normals } from '../support/seeded_random.js';
import { assertValidOnnx, requireOnnx } from './onnx_checker.js';

async function run(
  shape: readonly number[],
  x: Float32Array,
  make: (g: Builder, x: Value) => Value,
): Promise<Float32Array> {
  const g = new GraphBuilder();
  const session = await Session.load(g.finish({ y: make(g, g.input('x', shape)) }).bytes);
  const outputs = await session.run({ x: { data: x, shape } });
  await session.close();
  return outputs['y']!.data as Float32Array;
}

/** Columns of very different sizes, one of them zero. */
function unevenMatrix(seed: number, rows: number, columns: number): Matrix {
  const data = normals(seed, rows * columns);
  return matrix(
    rows,
    columns,
    data.map((value, i) => (i % columns === 0 ? 0 : value * 10 ** ((i % columns) - columns / 2))),
  );
}

/**
 * x w in double precision, and the most that rounding x and w can change it: half a step of each weight, a step of
 * each x (half a step, and as much for the zero point).
 */
function product(
  x: Float32Array,
  rows: number,
  w: Matrix,
  step: number,
): { value: number; bound: number }[] {
  const { scales } = quantiseColumns(w);
  return Array.from({ length: rows * w.columns }, (_, at) => {
    const [row, column] = [Math.floor(at / w.columns), at % w.columns];
    let value = 0;
    let bound = 1e-6;
    for (let i = 0; i < w.rows; i++) {
      const [a, b] = [x[row * w.rows + i]!, w.data[i * w.columns + column]!];
      value += a * b;
      bound += step * Math.abs(b) + (Math.abs(a) + step) * (scales[column]! / 2);
    }
    return { value, bound };
  });
}

function stepOf(x: Float32Array): number {
  return (Math.max(0, ...x) - Math.min(0, ...x)) / 255;
}

function assertBounded(actual: Float32Array, expected: { value: number; bound: number }[]): void {
  assert.equal(actual.length, expected.length);
  for (const [i, { value, bound }] of expected.entries()) {
    assert.ok(
      Math.abs(actual[i]! - value) <= bound,
      `${i}: ${actual[i]!}, not ${value} +- ${bound}`,
    );
  }
  // Not merely within bounds: in the mean, rounding errors cancel.
  const error = Math.hypot(...expected.map(({ value }, i) => actual[i]! - value));
  assert.ok(error < 0.02 * Math.hypot(...expected.map(({ value }) => value)), `${error}`);
}

describe('quantiseColumns', () => {
  it('gives every column its own scale and uses the whole range', () => {
    const w = unevenMatrix(1, 40, 7);
    const { integers, scales } = quantiseColumns(w);
    for (let column = 1; column < 7; column++) {
      const own = [...integers].filter((_, i) => i % 7 === column);
      assert.equal(Math.max(...own.map(Math.abs)), LARGEST_WEIGHT);
    }
    for (const [i, value] of w.data.entries()) {
      const scale = scales[i % 7]!;
      assert.ok(Math.abs(integers[i]! * scale - value) <= 0.5001 * scale);
    }
  });

  it('takes columns of zeros', () => {
    const { integers, scales } = quantiseColumns(matrix(3, 2, new Float32Array(6)));
    assert.deepEqual([...integers], [0, 0, 0, 0, 0, 0]);
    assert.ok(scales.every((scale) => scale > 0));
  });
});

describe('products in 8-bit integers', () => {
  const weight = unevenMatrix(2, 64, 8);
  const bias = normals(3, 8);

  for (const [name, shift] of [
    ['around zero', 0],
    ['one-sided', 3],
    ['below zero', -3],
  ] as const) {
    it(`stay within what rounding allows, x ${name}`, async () => {
      const x = normals(4, 10 * 64).map((value) => Math.max(value, -2) + shift);
      const y = await run([10, 64], x, (g, v) => int8Linear(g, 'layer', { weight, bias }, v));
      const expected = product(x, 10, weight, stepOf(x)).map(({ value, bound }, i) => ({
        value: value + bias[i % 8]!,
        bound,
      }));
      assertBounded(y, expected);
    });
  }

  it('of zeros are the bias', async () => {
    const y = await run([2, 64], new Float32Array(128), (g, v) =>
      int8Linear(g, 'layer', { weight, bias }, v),
    );
    assert.deepEqual([...y], [...bias, ...bias]);
  });

  it('in batches have scales per matrix', async () => {
    const matrices = [0, 1, 2].map((i) => unevenMatrix(5 + i, 16, 6));
    const x = normals(9, 3 * 2 * 16);
    const y = await run([3, 2, 16], x, (g, v) => int8MatMul(g, 'w', () => matrices, 6, v));
    for (const [i, w] of matrices.entries()) {
      const own = x.subarray(i * 32, (i + 1) * 32);
      assertBounded(y.subarray(i * 12, (i + 1) * 12), product(own, 2, w, stepOf(x)));
    }
  });

  it('refuse an input that does not fit', () => {
    const g = new GraphBuilder();
    assert.throws(() => int8Linear(g, 'layer', { weight, bias }, g.input('x', [2, 63])), /layer/);
  });

  for (const causal of [true, false]) {
    it(`make the same self-attention, ${causal ? 'causal' : 'not causal'}`, async () => {
      const e = 32;
      const random = (seed: number, columns: number): Matrix =>
        matrix(
          e,
          columns,
          normals(seed, e * columns).map((value) => value / Math.sqrt(e)),
        );
      const weights = {
        input: { weight: random(1, 3 * e), bias: normals(2, 3 * e).map((value) => 0.1 * value) },
        output: { weight: random(3, e), bias: normals(4, e) },
      };
      const x = normals(5, 9 * e);
      const options = { heads: 4, causal };
      const exact = await run([9, e], x, (g, v) => selfAttention(g, 'a', weights, options, v));
      const y = await run([9, e], x, (g, v) => int8SelfAttention(g, 'a', weights, options, v));
      const error = Math.hypot(...y.map((value, i) => value - exact[i]!));
      assert.ok(error > 0 && error < 0.02 * Math.hypot(...exact), `${error}`);
    });
  }

  it("pass ONNX's checker", function () {
    requireOnnx(this);
    const g = new GraphBuilder();
    const y = int8Linear(g, 'layer', { weight, bias }, g.input('x', [3, 64]));
    assertValidOnnx(g.finish({ y }).bytes);
  });
});
