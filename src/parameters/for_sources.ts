import { SOURCE_PLACEHOLDER } from './parameter_declaration.js';
import type { ParameterDeclaration } from './parameter_declaration.js';

/** The mapped declarations among these, once for each source: `sources.NAME.topic` as `sources.wrist.topic`. */
export function forSources(
  declarations: readonly ParameterDeclaration[],
  sourceNames: readonly string[],
): ParameterDeclaration[] {
  const templates = declarations.filter((declaration) => declaration.mapped);
  return sourceNames.flatMap((source) =>
    templates.map((template) => ({
      ...template,
      name: template.name
        .split('.')
        .map((part) => (part === SOURCE_PLACEHOLDER ? source : part))
        .join('.'),
      mapped: false,
    })),
  );
}
