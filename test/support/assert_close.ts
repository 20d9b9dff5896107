import assert from 'node:assert/strict';

/** Fails unless two arrays are of the same length and nowhere further apart than `tolerance`; NaN is far from all. */
export function assertClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what: string,
): void {
  assert.equal(actual.length, expected.length, `${what}: length`);
  assert.ok(actual.length > 0, `${what}: empty`);
  let [worst, at] = [0, 0];
  for (let i = 0; i < actual.length; i++) {
    const difference = Math.abs(actual[i]! - expected[i]!);
    if (difference <= worst) continue;
    [worst, at] = [difference, i];
    if (Number.isNaN(difference)) break;
  }
  assert.ok(
    worst <= tolerance,
    `${what}: element ${at} is ${actual[at]}, not ${expected[at]} (off by ${worst})`,
  );
}
