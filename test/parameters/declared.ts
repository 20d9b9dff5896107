import { declaredParameters } from '../../src/parameters/declared_parameters.js';
import { forSources } from '../../src/parameters/for_sources.js';
import type {
  ParameterDeclaration,
  ParameterValue,
} from '../../src/parameters/parameter_declaration.js';

const DECLARATIONS = declaredParameters();

/** The declaration of one of the node's parameters. */
export function declared(name: string): ParameterDeclaration {
  const found = DECLARATIONS.find((declaration) => declaration.name === name);
  if (!found) throw new Error(`${name} is not declared`);
  return found;
}

/** All parameters of a node whose policy has these sources. */
export function allParameters(sourceNames: readonly string[]): ParameterDeclaration[] {
  return [
    ...DECLARATIONS.filter(({ mapped }) => !mapped),
    ...forSources(DECLARATIONS, sourceNames),
  ];
}

/** Their defaults, with these sources, by name. */
export function defaultValues(sourceNames: readonly string[]): Map<string, ParameterValue> {
  const values = new Map(
    allParameters(sourceNames).map(({ name, defaultValue }) => [name, defaultValue]),
  );
  return values.set('source_names', sourceNames);
}
