import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ParameterDeclaration } from './parameter_declaration.js';
import { readParameterDeclarations } from './read_parameter_declarations.js';

/** The one declaration of the node's parameters, beside `dist/`. */
const FILE = fileURLToPath(new URL('../../../config/parameters.yaml', import.meta.url));

/**
 * All parameters of the node as config/parameters.yaml declares them, in its order; those of observation sources
 * are templates that {@link forSources} fills in.
 * @throws BadInput naming the parameter whose declaration is wrong
 */
export function declaredParameters(): ParameterDeclaration[] {
  return readParameterDeclarations(readFileSync(FILE, 'utf8'), 'config/parameters.yaml');
}
