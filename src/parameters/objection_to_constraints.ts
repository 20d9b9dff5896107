import type {
  ParameterConstraint,
  ParameterDeclaration,
  ParameterValue,
} from './parameter_declaration.js';

/** Longer values are cut in reasons. */
const MAX_SHOWN = 100;

/**
 * Why a value of the declared type breaks the declared constraints; undefined where it keeps them. Numbers that
 * are not finite always do.
 */
export function objectionToConstraints(
  declaration: Pick<ParameterDeclaration, 'name' | 'constraints'>,
  value: ParameterValue,
): string | undefined {
  const { name, constraints } = declaration;
  const isList = typeof value === 'object';
  for (const [i, element] of (isList ? value : [value]).entries()) {
    if (typeof element === 'number' && !Number.isFinite(element)) {
      return `${isList ? `${name}[${i}]` : name} must be a finite number, not ${element}`;
    }
  }
  for (const constraint of constraints) {
    const objection = objectionTo(constraint, name, value);
    if (objection !== undefined) return objection;
  }
  return undefined;
}

function objectionTo(
  constraint: ParameterConstraint,
  name: string,
  value: ParameterValue,
): string | undefined {
  switch (constraint.kind) {
    case 'bounds': {
      const { lower, upper } = constraint;
      return typeof value === 'number' && value >= lower && value <= upper
        ? undefined
        : `${name} must be between ${lower} and ${upper}, not ${shown(value)}`;
    }
    case 'one_of':
      return constraint.values.some((allowed) => allowed === value)
        ? undefined
        : `${name} must be one of ${constraint.values.join(', ')}, not '${shown(value)}'`;
    case 'lower_element_bounds': {
      const { lower } = constraint;
      const list = value as readonly number[];
      const i = list.findIndex((element) => element < lower);
      return i < 0 ? undefined : `${name}[${i}] must be at least ${lower}, not ${list[i]}`;
    }
    case 'subset_of': {
      const list = value as readonly string[];
      const other = list.find((element) => !constraint.values.includes(element));
      return other === undefined
        ? undefined
        : `${name} may hold only ${constraint.values.join(', ')}, not '${shown(other)}'`;
    }
    case 'unique': {
      const list = value as readonly (number | string)[];
      const twice = list.find((element, i) => list.indexOf(element) < i);
      return twice === undefined ? undefined : `${name} must not hold '${shown(twice)}' twice`;
    }
  }
}

function shown(value: ParameterValue): string {
  const text = String(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)} ...` : text;
}
