import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');

/**
 * Frees what is not used any more, now. Weights and graphs are hundreds of megabytes outside of JavaScript's
 * heap, which does not make haste to free the small objects that hold them. Takes some milliseconds: not for
 * the time between two chunks.
 */
export const collectGarbage = runInNewContext('gc') as () => void;
