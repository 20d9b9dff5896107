import { parse } from 'yaml';
import { z } from 'zod';
import { BadInput, messageOf } from '../errors.js';
import { parseWith } from '../policy/manifest.js';
import { objectionToConstraints } from './objection_to_constraints.js';
import { SOURCE_PLACEHOLDER } from './parameter_declaration.js';
import type {
  ChangeTime,
  ParameterConstraint,
  ParameterDeclaration,
  ParameterType,
} from './parameter_declaration.js';

const TODO = 'correct the declaration';

/** Key of what is declared once for every element of the parameter `source_names`. */
const MAP_KEY = '__map_source_names';

const DEFAULTS = {
  bool: z.boolean(),
  int: z.int(),
  double: z.number(),
  string: z.string(),
  double_array: z.array(z.number()),
  string_array: z.array(z.string()),
} as const satisfies Record<ParameterType, z.ZodType>;

const parameter = z.strictObject({
  type: z.enum(Object.keys(DEFAULTS) as ParameterType[]),
  default_value: z.unknown(),
  description: z.string().min(1),
  read_only: z.boolean().default(false),
  additional_constraints: z.string().default(''),
  validation: z
    .strictObject({
      'bounds<>': z.tuple([z.number(), z.number()]).optional(),
      'one_of<>': z.tuple([z.array(z.string()).min(1)]).optional(),
      'subset_of<>': z.tuple([z.array(z.string()).min(1)]).optional(),
      'lower_element_bounds<>': z.tuple([z.number()]).optional(),
      'unique<>': z.tuple([]).optional(),
    })
    .default({}),
});
const file = z.strictObject({ bac_policy: z.record(z.string(), z.unknown()) });

/** What `additional_constraints` begins with where peers may not change a parameter at any time. */
const CHANGE_TIMES: Readonly<Record<string, ChangeTime>> = {
  'can be changed only while the node is unconfigured': 'while unconfigured',
  'is written by the node': 'by the node',
};

/**
 * Reads a declaration of parameters in generate_parameter_library's syntax, of which it takes what the node
 * uses: the types and validators of {@link ParameterDeclaration}, groups, and `__map_source_names`.
 * @param where the file, for error messages
 * @throws BadInput naming the parameter whose declaration is wrong
 */
export function readParameterDeclarations(text: string, where: string): ParameterDeclaration[] {
  let value: unknown;
  try {
    value = parse(text, { prettyErrors: false });
  } catch (error) {
    throw new BadInput(`is not valid YAML (${messageOf(error)})`, where, TODO);
  }
  return readGroup(parseWith(file, value, where, TODO).bac_policy, '', where);
}

function readGroup(
  group: Readonly<Record<string, unknown>>,
  prefix: string,
  where: string,
): ParameterDeclaration[] {
  return Object.entries(group).flatMap(([key, value]) => {
    const name = prefix + (key === MAP_KEY ? SOURCE_PLACEHOLDER : key);
    const inside = parseWith(z.record(z.string(), z.unknown()), value, `${where}: ${name}`, TODO);
    return typeof inside['type'] === 'string'
      ? [readParameter(inside, name, `${where}: ${name}`)]
      : readGroup(inside, `${name}.`, where);
  });
}

function readParameter(value: unknown, name: string, where: string): ParameterDeclaration {
  const declared = parseWith(parameter, value, where, TODO);
  const { type, description, read_only: readOnly, validation } = declared;
  const constraints = readConstraints(validation);
  if ((type === 'int' || type === 'double') && !validation['bounds<>']) {
    throw new BadInput('is a number without bounds<>', where, 'add them under validation');
  }
  const defaultValue = parseWith(DEFAULTS[type], declared.default_value, where, TODO);
  const objection = objectionToConstraints({ name, constraints }, defaultValue);
  if (objection !== undefined) {
    throw new BadInput(`the default is not valid: ${objection}`, where, TODO);
  }
  const additionalConstraints = declared.additional_constraints;
  const changes = changeTime(additionalConstraints, readOnly, where);
  const mapped = name.split('.').includes(SOURCE_PLACEHOLDER);
  return {
    name,
    type,
    defaultValue,
    description,
    readOnly,
    constraints,
    additionalConstraints,
    changes,
    mapped,
  };
}

function readConstraints(
  validation: z.infer<typeof parameter>['validation'],
): ParameterConstraint[] {
  const bounds = validation['bounds<>'];
  const oneOf = validation['one_of<>'];
  const subsetOf = validation['subset_of<>'];
  const elements = validation['lower_element_bounds<>'];
  return [
    ...(bounds ? [{ kind: 'bounds', lower: bounds[0], upper: bounds[1] } as const] : []),
    ...(oneOf ? [{ kind: 'one_of', values: oneOf[0] } as const] : []),
    ...(subsetOf ? [{ kind: 'subset_of', values: subsetOf[0] } as const] : []),
    ...(elements ? [{ kind: 'lower_element_bounds', lower: elements[0] } as const] : []),
    ...(validation['unique<>'] ? [{ kind: 'unique' } as const] : []),
  ];
}

function changeTime(additionalConstraints: string, readOnly: boolean, where: string): ChangeTime {
  if (readOnly) return 'at start';
  if (additionalConstraints === '') return 'any time';
  const known = Object.entries(CHANGE_TIMES).find(([start]) =>
    additionalConstraints.startsWith(start),
  );
  if (known) return known[1];
  const starts = Object.keys(CHANGE_TIMES).join("' or '");
  throw new BadInput('additional_constraints is unknown', where, `begin it with '${starts}'`);
}
