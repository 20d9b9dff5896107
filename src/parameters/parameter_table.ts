import type {
  ChangeTime,
  ParameterConstraint,
  ParameterDeclaration,
  ParameterValue,
} from './parameter_declaration.js';

const CHANGES: Record<ChangeTime, string> = {
  'any time': 'any time',
  'while unconfigured': 'unconfigured',
  'by the node': 'by the node',
  'at start': 'at start',
};

/** The parameters as a Markdown table for the README: name, type with its allowed values, default, changes, meaning. */
export function parameterTable(declarations: readonly ParameterDeclaration[]): string {
  const rows = declarations.map((declaration) => {
    const { name, type, constraints, defaultValue, changes, description } = declaration;
    const allowed = [type, ...constraints.map(allowedValues)].join(', ');
    return [`\`${name}\``, allowed, code(defaultValue), CHANGES[changes], description];
  });
  const header = ['Parameter', 'Type', 'Default', 'Changes', 'Meaning'];
  return [header, header.map(() => '---'), ...rows].map(row).join('\n');
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', String.raw`\|`)).join(' | ')} |`;
}

function code(value: ParameterValue): string {
  return `\`${JSON.stringify(value)}\``;
}

function allowedValues(constraint: ParameterConstraint): string {
  switch (constraint.kind) {
    case 'bounds':
      return constraint.upper === Number.MAX_SAFE_INTEGER
        ? `at least ${constraint.lower}`
        : `${constraint.lower} to ${constraint.upper}`;
    case 'one_of':
      return constraint.values.map((value) => `\`${value}\``).join(' ');
    case 'subset_of':
      return `of ${constraint.values.map((value) => `\`${value}\``).join(' ')}`;
    case 'lower_element_bounds':
      return `each at least ${constraint.lower}`;
    case 'unique':
      return 'none twice';
  }
}
