/**
 * Makes the last denoising step an update too, as the authors' code does for every block that has a schedule.
 * @param updates ascending
 * @param steps K
 */
export function withFinalUpdate(updates: readonly number[], steps: number): number[] {
  return updates.at(-1) === steps - 1 ? [...updates] : [...updates, steps - 1];
}
