import { isDeepStrictEqual } from 'node:util';
import type { ParameterDeclaration, ParameterValue } from './parameter_declaration.js';

/** A change of a parameter that a peer asks for. */
export interface ParameterChange {
  readonly current: ParameterValue;
  readonly next: ParameterValue;
  /** Whether the node is past its lifecycle state `unconfigured`. */
  readonly configured: boolean;
}

/**
 * Why a peer may not change a parameter now; undefined where it may. Setting what already holds is no change, so
 * that a dump of all parameters can be loaded at any time.
 */
export function objectionToChange(
  declaration: ParameterDeclaration,
  { current, next, configured }: ParameterChange,
): string | undefined {
  const { name, changes, additionalConstraints } = declaration;
  if (changes === 'any time' || isDeepStrictEqual(current, next)) return undefined;
  if (changes === 'at start') return `${name} is read only: give it when the node is started`;
  if (changes === 'while unconfigured' && !configured) return undefined;
  return `${name} ${additionalConstraints}`;
}
