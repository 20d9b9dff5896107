/**
 * Steps at which the network may be evaluated, denser towards the end: what is left of the steps falls with the
 * square, as the noise of the common schedules does.
 * @param steps K
 * @param count of candidates, fewer where they would coincide
 * @returns ascending, the first 0
 */
export function stepGrid(steps: number, count: number): number[] {
  const candidates = Array.from({ length: count }, (_, i) =>
    Math.min(steps - 1, Math.round(steps * (1 - (1 - i / count) ** 2))),
  );
  return [...new Set(candidates)];
}
