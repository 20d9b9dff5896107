import { BadInput } from '../../errors.js';
import { acs } from './acs.js';
import { adamsBashforth } from './adams_bashforth.js';
import { bac } from './bac.js';
import { chunkReuse } from './chunk_reuse.js';
import { dense } from './dense.js';
import { evict } from './evict.js';
import { exposureBias } from './exposure_bias.js';
import { fastcache } from './fastcache.js';
import { int8 } from './int8.js';
import { linear } from './linear.js';
import type { CachingMethod } from './method.js';
import { ddim, dpmSolver } from './other_solver.js';
import { sortblock } from './sortblock.js';
import { taylor } from './taylor.js';
import { teacache } from './teacache.js';
import { token } from './token.js';
import { uniform } from './uniform.js';

/** All published methods, each under its name; the end-to-end search is a command of its own. */
export const METHODS: readonly CachingMethod[] = [
  bac,
  acs,
  uniform,
  dense,
  ddim,
  dpmSolver,
  taylor,
  adamsBashforth,
  linear,
  exposureBias,
  token,
  evict,
  int8,
  teacache,
  sortblock,
  fastcache,
  chunkReuse,
];

/** @throws BadInput naming the methods there are */
export function methodNamed(name: string): CachingMethod {
  const found = METHODS.find((method) => method.name === name);
  if (found) return found;
  const names = METHODS.map((method) => method.name).join(', ');
  throw new BadInput(`there is no method '${name}'`, '--method', `take one of ${names}`);
}
