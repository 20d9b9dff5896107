/**
 * More or fewer evaluations in the same density as a path that was found, measured in the square root of the
 * steps that are left, in which good paths are nearly even.
 * @param path steps of a good path, ascending
 * @param steps K
 * @returns `count` steps, ascending
 */
export function spreadEvaluations(path: readonly number[], count: number, steps: number): number[] {
  const place = (step: number): number => 1 - Math.sqrt(1 - step / steps);
  const knots = [0, ...path.map(place), 1];
  const spread: number[] = [];
  for (let i = 0; i < count; i++) {
    const at = ((i + 1) * (path.length + 1)) / (count + 1);
    const [below, above] = [knots[Math.floor(at)]!, knots[Math.floor(at) + 1]!];
    const wanted = Math.round(steps * (1 - (1 - (below + (at % 1) * (above - below))) ** 2));
    // Room for those that follow, and after the one before.
    const step = Math.min(wanted, steps - (count - i));
    spread.push(Math.max(step, (spread.at(-1) ?? -1) + 1));
  }
  return spread;
}
