import { BadInput } from '../../errors.js';
import type { Calibration } from '../calibration.js';
import type { PlanTarget } from '../make_plan.js';
import type { MeasureError, MethodContext } from './method.js';
import type { RunOnCalibration } from './run_on_calibration.js';

/** The policy that a context is about. */
export function targetOf({ policySha256, manifest }: MethodContext): PlanTarget {
  const { architecture, noise_scheduler: scheduler } = manifest;
  const { steps, kind: solver } = scheduler;
  return { policySha256, layers: architecture.layers, steps, solver };
}

/** @throws BadInput when there is no calibration */
export function featuresOf({ calibration }: MethodContext, method: string): Calibration {
  return calibration ?? missing(method, 'a calibration', '--calibration');
}

/** @throws BadInput when the policy cannot be run on calibration observations */
export function runsOf({ run }: MethodContext, method: string): RunOnCalibration {
  return run ?? missing(method, 'a calibration with observations', '--calibration');
}

/** @throws BadInput when no errors can be measured */
export function errorsOf({ measure }: MethodContext, method: string): MeasureError {
  return measure ?? missing(method, 'a calibration with observations', '--calibration');
}

function missing(method: string, what: string, where: string): never {
  throw new BadInput(`method ${method} needs ${what}`, where, 'make one with bac-policy calibrate');
}

/** Checks a number of updates or steps against K. @throws BadInput */
export function atMostSteps(count: number, steps: number, where: string): number {
  if (count <= steps) return count;
  throw new BadInput(
    `${count} is more than the policy's ${steps} denoising steps`,
    where,
    `take 1 to ${steps}`,
  );
}
