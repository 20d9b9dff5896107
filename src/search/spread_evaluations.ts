/**
 * Evaluations that become denser towards the end, where the noise falls fast: evenly in the root of the steps that
 * are left.
 * @param count at most `steps`
 * @param steps K
 * @param root 1 = evenly spaced; 2.5 to 3.5 is where good plans lie
 * @returns `count` steps, ascending
 */
export function spreadEvaluations(count: number, steps: number, root: number): number[] {
  const spread: number[] = [];
  for (let i = 0; i < count; i++) {
    const left = steps * (1 - (i + 1) / (count + 1)) ** root;
    // Room for those that follow, and after the one before.
    const step = Math.min(steps - Math.max(1, Math.round(left)), steps - (count - i));
    spread.push(Math.max(step, (spread.at(-1) ?? -1) + 1));
  }
  return spread;
}
