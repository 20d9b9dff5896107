import assert from 'node:assert/strict';
import {
  exactHalves,
  halfToNumber,
  numberToHalf,
  roundedToHalves,
  widenedHalves,
} from '../../src/policy/half_precision.js';
import { SeededRandom } from '../support/seeded_random.js';

const EVERY = Array.from({ length: 2 ** 16 }, (_, bits) => bits);
/** Bits of all that are finite and not below 0: in this order the numbers ascend. */
const ASCENDING = EVERY.slice(0, 0x7c00);

describe('half precision', () => {
  it('has the numbers that IEEE 754 says', () => {
    for (const [bits, value] of [
      [0x0001, 2 ** -24],
      [0x03ff, 1023 * 2 ** -24],
      [0x0400, 2 ** -14],
      [0x3555, 0.333251953125],
      [0x3c00, 1],
      [0x3c01, 1 + 2 ** -10],
      [0xc000, -2],
      [0x7bff, 65504],
      [0x7c00, Infinity],
      [0xfc00, -Infinity],
      [0x8000, -0],
    ] as const) {
      assert.equal(halfToNumber(bits), value);
      assert.equal(numberToHalf(value), bits);
    }
  });

  it('comes back from every number it has', () => {
    for (const bits of EVERY) {
      const value = halfToNumber(bits);
      if (Number.isNaN(value)) assert.ok(Number.isNaN(halfToNumber(numberToHalf(value))));
      else assert.equal(numberToHalf(value), bits);
    }
  });

  it('takes the even of two numbers that are as near, and the nearer one of others', () => {
    for (const bits of ASCENDING) {
      const [low, high] = [halfToNumber(bits), bits === 0x7bff ? 65536 : halfToNumber(bits + 1)];
      const middle = (low + high) / 2;
      const even = bits % 2 === 0 ? bits : bits + 1;
      // The 32-bit floats beside the middle; it has 12 significant bits, they have 24.
      const beside = 2 ** (Math.floor(Math.log2(middle)) - 23);
      for (const [sign, bit] of [
        [1, 0],
        [-1, 0x8000],
      ] as const) {
        assert.equal(numberToHalf(sign * middle), even | bit, `${middle}`);
        assert.equal(numberToHalf(sign * (middle - beside)), bits | bit, `below ${middle}`);
        assert.equal(numberToHalf(sign * (middle + beside)), (bits + 1) | bit, `above ${middle}`);
      }
    }
  });

  it('takes the nearest number of all for any 32-bit float within its range', () => {
    const numbers = ASCENDING.map(halfToNumber);
    const random = new SeededRandom(5);
    const view = new DataView(new ArrayBuffer(4));
    for (let i = 0; i < 20_000; i++) {
      // Magnitudes from 2^-30 to 2^16.
      view.setUint32(0, ((97 + random.below(46)) << 23) | random.below(2 ** 23));
      const value = view.getFloat32(0);
      if (value >= 65504) continue;
      const above = numbers.findIndex((number) => number >= value);
      const candidates = numbers.slice(Math.max(0, above - 1), above + 1);
      const least = Math.min(...candidates.map((number) => Math.abs(number - value)));
      assert.equal(Math.abs(halfToNumber(numberToHalf(value)) - value), least, `${value}`);
    }
  });

  it('makes nothing of what is too small, and infinity of what is too large', () => {
    for (const value of [0, 2 ** -25, 1e-8, 2 ** -126, 1e-45]) {
      assert.equal(numberToHalf(value), 0);
      assert.equal(numberToHalf(-value), 0x8000);
    }
    for (const value of [65520, 65536, 1e10, 3e38, Infinity]) {
      assert.equal(numberToHalf(value), 0x7c00);
      assert.equal(numberToHalf(-value), 0xfc00);
    }
  });

  it('rounds values once, and leaves alone those that do not fit', () => {
    const values = Float32Array.of(1 / 3, -1e-9, 65519, 7);
    const rounded = roundedToHalves(values);
    assert.deepEqual(rounded, Float32Array.of(0.333251953125, -0, 65504, 7));
    assert.deepEqual(roundedToHalves(rounded), rounded);
    for (const value of [65520, NaN, -Infinity]) {
      const unfit = Float32Array.of(1 / 3, value);
      assert.equal(roundedToHalves(unfit), unfit);
    }
  });

  it('holds values only where all are exact, and gives them back', () => {
    const exact = Float32Array.of(0.333251953125, -0, 65504, -(2 ** -24));
    assert.deepEqual(widenedHalves(exactHalves(exact)!), exact);
    for (const value of [1 / 3, 65520, 2 ** -25, NaN, Infinity]) {
      assert.equal(exactHalves(Float32Array.of(1, value)), undefined);
    }
  });
});
