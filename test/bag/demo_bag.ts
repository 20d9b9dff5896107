import { fileURLToPath } from 'node:url';

/** Two episodes of a closed loop driven by the tiny Lift policy, see demo/. */
export const DEMO_BAG = fileURLToPath(new URL('../../../demo/lift_tiny/bag', import.meta.url));
