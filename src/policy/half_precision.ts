/**
 * IEEE 754 binary16, 'half precision': 11 significant bits, magnitudes from 6e-8 to 65504. Node has neither an array
 * of it nor `Math.f16round` before version 24.
 */

const SCRATCH = new DataView(new ArrayBuffer(4));

/** The number that 16 bits stand for. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/**
 * The 16 bits nearest to a 32-bit float, the even ones where two are as near.
 * @returns those of infinity for magnitudes of 65520 and more
 */
export function numberToHalf(value: number): number {
  SCRATCH.setFloat32(0, value);
  const bits = SCRATCH.getUint32(0);
  const sign = (bits >>> 16) & 0x8000;
  const exponent = ((bits >>> 23) & 0xff) - 112; // as a half has it: 15 for 1
  const fraction = bits & 0x7fffff;
  if (exponent === 143) return sign | 0x7c00 | (fraction === 0 ? 0 : 0x200);
  if (exponent > 30) return sign | 0x7c00;
  // Below 2^-14 the leading bit is one of the fraction's, and there are fewer of them.
  const isSubnormal = exponent < 1;
  const dropped = isSubnormal ? 14 - exponent : 13;
  if (dropped > 24) return sign;
  const whole = isSubnormal ? fraction | 0x800000 : (exponent << 23) | fraction;
  const kept = whole >>> dropped;
  const rest = whole & (2 ** dropped - 1);
  const tie = 2 ** (dropped - 1);
  // A carry goes over into the exponent, as it must, up to that of infinity.
  return sign | (kept + (rest > tie || (rest === tie && kept % 2 === 1) ? 1 : 0));
}

/** Every value rounded to half precision; the values themselves where one would become infinite or is not finite. */
export function roundedToHalves(values: Float32Array): Float32Array {
  const rounded = values.map((value) => halfToNumber(numberToHalf(value)));
  return rounded.every(Number.isFinite) ? rounded : values;
}

/** The bits of values that all are finite and exact in half precision; undefined where one is not. */
export function exactHalves(values: Float32Array): Uint16Array | undefined {
  const halves = new Uint16Array(values.length);
  for (const [i, value] of values.entries()) {
    const bits = numberToHalf(value);
    if (!Number.isFinite(value) || halfToNumber(bits) !== value) return undefined;
    halves[i] = bits;
  }
  return halves;
}

/** The numbers that halves stand for, as 32-bit floats: nothing is lost. */
export function widenedHalves(halves: Uint16Array): Float32Array {
  // Files hold millions of them.
  numbers ??= Float32Array.from({ length: 2 ** 16 }, (_, bits) => halfToNumber(bits));
  const widened = new Float32Array(halves.length);
  for (const [i, bits] of halves.entries()) widened[i] = numbers[bits]!;
  return widened;
}

/** Of all 65536 halves. */
let numbers: Float32Array | undefined;
