import type { RunOnCalibration } from './run_on_calibration.js';

/**
 * A fit on dense runs that is made once for the same observations and arguments: plans of a method at several
 * budgets, or of several methods, share it.
 */
export function oncePerRun<Arguments extends readonly unknown[], Fit>(
  fit: (run: RunOnCalibration, ...rest: Arguments) => Promise<Fit>,
): (run: RunOnCalibration, ...rest: Arguments) => Promise<Fit> {
  const made = new WeakMap<RunOnCalibration, Map<string, Promise<Fit>>>();
  return (run, ...rest) => {
    const known = made.get(run) ?? new Map<string, Promise<Fit>>();
    made.set(run, known);
    const key = JSON.stringify(rest);
    const found = known.get(key) ?? fit(run, ...rest);
    known.set(key, found);
    return found;
  };
}
