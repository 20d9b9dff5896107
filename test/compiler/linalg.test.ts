import assert from 'node:assert/strict';
import {
  beside,
  columns,
  matrix,
  type Matrix,
  multiply,
  orthonormalRows,
  plus,
  scaleRows,
  transpose,
} from '../../src/compiler/linalg.js';
import { assertClose } from '../support/assert_close.js';
import { normals } from '../support/seeded_random.js';

const of = (rows: number, width: number, ...values: number[]): Matrix =>
  matrix(rows, width, Float64Array.from(values));
const random = (rows: number, width: number, seed: number): Matrix =>
  matrix(rows, width, Float64Array.from(normals(seed, rows * width)));

describe('linalg', () => {
  const a = of(2, 3, 1, 2, 3, 4, 5, 6);

  it('multiplies, transposes, adds, scales, cuts and joins', () => {
    assert.deepEqual(multiply(a, transpose(a)), of(2, 2, 14, 32, 32, 77));
    assert.deepEqual(transpose(a), of(3, 2, 1, 4, 2, 5, 3, 6));
    assert.deepEqual(plus(a, of(1, 3, 10, 20, 30)), of(2, 3, 11, 22, 33, 14, 25, 36));
    assert.deepEqual(scaleRows([2, -1], a), of(2, 3, 2, 4, 6, -4, -5, -6));
    assert.deepEqual(columns(a, 1, 3), of(2, 2, 2, 3, 5, 6));
    assert.deepEqual(beside([columns(a, 2, 3), columns(a, 0, 2)]), of(2, 3, 3, 1, 2, 6, 4, 5));
  });

  it('accumulates in double precision', () => {
    const many = matrix(1, 100_000, new Float32Array(100_000).fill(0.1));
    const sum = multiply(many, transpose(many)).data[0]!;
    assert.ok(Math.abs(sum - 100_000 * Math.fround(0.1) ** 2) < 1e-6);
  });

  it('refuses shapes that do not fit', () => {
    assert.throws(() => multiply(a, a), RangeError);
    assert.throws(() => plus(a, of(2, 2, 1, 2, 3, 4)), RangeError);
    assert.throws(() => of(2, 2, 1), RangeError);
  });

  it('finds an orthonormal basis of what the rows span', () => {
    const rows = random(4, 9, 1);
    const basis = orthonormalRows(rows);
    assert.equal(basis.rows, 4);
    const identity = of(4, 4, ...[1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
    assertClose(multiply(basis, transpose(basis)).data, identity.data, 1e-12, 'orthonormal');
    const projected = multiply(multiply(rows, transpose(basis)), basis);
    assertClose(projected.data, rows.data, 1e-12, 'spans the rows');
  });

  it('leaves out rows that depend on earlier ones, zeros, and what is more than the space holds', () => {
    const two = random(2, 5, 2);
    const dependent = multiply(random(4, 2, 3), two);
    const zeros = matrix(1, 5, new Float64Array(5));
    const all = [two, dependent, zeros].flatMap(({ data }) => [...data]);
    assert.equal(orthonormalRows(of(7, 5, ...all)).rows, 2);
    assert.equal(orthonormalRows(random(8, 3, 4)).rows, 3);
  });
});
