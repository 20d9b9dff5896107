/**
 * Updates spread evenly: step floor(i K / S) for i = 0..S-1. Where S divides K these are the multiples of
 * K / S, the fixed interval of the authors' baseline; elsewhere there are still exactly S of them.
 * @param steps K
 * @param updates S
 * @throws RangeError unless 1 <= S <= K
 */
export function uniformSchedule(steps: number, updates: number): number[] {
  if (!Number.isInteger(updates) || updates < 1 || updates > steps) {
    throw new RangeError(`updates must be an integer from 1 to ${steps}, not ${updates}`);
  }
  return Array.from({ length: updates }, (_, i) => Math.floor((i * steps) / updates));
}
