import type { MotionSettings } from '../../../src/control/motion/motion_executor.js';
import { NO_LIMITS } from './no_limits.js';

/** A motion that meets every action, without limits. */
export const PLAIN_SETTINGS: MotionSettings = {
  shadow: false,
  trajectoryStamp: 'tick',
  join: 'replace',
  smoothingS: 0,
  limits: NO_LIMITS,
  onLimit: 'saturate',
  discreteJoints: [],
  outputStepS: 0,
  leadNs: 10_000_000n,
  stopS: 0.1,
};
