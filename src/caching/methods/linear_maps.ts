import { fitLinearMaps } from '../strategies/linear_map_fit.js';
import { oncePerRun } from './once_per_run.js';

/** The learned maps of `fastcache` and `linear`. */
export const linearMaps = oncePerRun(fitLinearMaps);
