import type { MotionLimits } from '../../../src/control/motion/motion_limits.js';

/** No limit at all. */
export const NO_LIMITS: MotionLimits = {
  positionMin: [],
  positionMax: [],
  velocity: [],
  acceleration: [],
  jerk: [],
};
