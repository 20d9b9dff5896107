import { objectionToConstraints } from './objection_to_constraints.js';
import type {
  ParameterDeclaration,
  ParameterType,
  ParameterValue,
} from './parameter_declaration.js';
import { ROS_PARAMETER_TYPE } from './ros_parameter_type.js';

/** A value as ROS hands it over; rclnodejs' `Parameter` is one. */
export interface GivenValue {
  /** Code of rcl_interfaces/msg/ParameterType. */
  readonly type: number;
  /** Integers may be bigint or number, arrays may be typed arrays. */
  readonly value: unknown;
}

/** A usable value, or why there is none: one line that begins with the parameter's name. */
export type AcceptedValue =
  | { readonly accepted: true; readonly value: ParameterValue }
  | { readonly accepted: false; readonly reason: string };

/** The types with their articles, for reasons. */
const TYPE_IN_WORDS: Record<keyof typeof ROS_PARAMETER_TYPE, string> = {
  not_set: 'nothing',
  bool: 'a bool',
  int: 'an integer',
  double: 'a double',
  string: 'a string',
  byte_array: 'an array of bytes',
  bool_array: 'an array of bools',
  int_array: 'an array of integers',
  double_array: 'an array of doubles',
  string_array: 'an array of strings',
};

/**
 * Checks a value against a parameter's declaration and brings it into the declared type.
 *
 * Types are strict, as in rclcpp, but for what YAML and `ros2 param set` write without meaning it: whole
 * numbers (`rate_hz: 30`) are taken for doubles, and an empty array, whose type nobody can see (`ros2 param`
 * sends `[]` as bools, rcl reads it from a parameter file as nothing at all), for any array.
 */
export function acceptValue(declaration: ParameterDeclaration, given: GivenValue): AcceptedValue {
  const value = inDeclaredType(declaration.type, given);
  if (value === undefined) return { accepted: false, reason: wrongType(declaration, given) };
  const reason = objectionToConstraints(declaration, value);
  return reason === undefined ? { accepted: true, value } : { accepted: false, reason };
}

/** Undefined where the types do not fit. */
function inDeclaredType(type: ParameterType, given: GivenValue): ParameterValue | undefined {
  const { value } = given;
  switch (type) {
    case 'bool':
      return given.type === ROS_PARAMETER_TYPE.bool && typeof value === 'boolean'
        ? value
        : undefined;
    case 'string':
      return given.type === ROS_PARAMETER_TYPE.string && typeof value === 'string'
        ? value
        : undefined;
    case 'int':
      return given.type === ROS_PARAMETER_TYPE.int ? numberOf(value) : undefined;
    case 'double':
      return given.type === ROS_PARAMETER_TYPE.double || given.type === ROS_PARAMETER_TYPE.int
        ? numberOf(value)
        : undefined;
    case 'double_array': {
      const numbers = elements(given, ['double_array', 'int_array'])?.map(numberOf);
      return numbers?.every((element) => element !== undefined) ? numbers : undefined;
    }
    case 'string_array': {
      const strings = elements(given, ['string_array']);
      return strings?.every((element) => typeof element === 'string') ? strings : undefined;
    }
  }
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : undefined;
}

/** Elements of an array of one of these types or of an empty array of any; else undefined. */
function elements(
  given: GivenValue,
  types: readonly (keyof typeof ROS_PARAMETER_TYPE)[],
): unknown[] | undefined {
  const value = given.type === ROS_PARAMETER_TYPE.not_set ? [] : given.value;
  if (!Array.isArray(value) && !ArrayBuffer.isView(value)) return undefined;
  const list = Array.from(value as ArrayLike<unknown>);
  const fits = list.length === 0 || types.some((type) => ROS_PARAMETER_TYPE[type] === given.type);
  return fits ? list : undefined;
}

function wrongType({ name, type }: ParameterDeclaration, given: GivenValue): string {
  const code = Object.entries(ROS_PARAMETER_TYPE).find(([, known]) => known === given.type);
  const found = code ? TYPE_IN_WORDS[code[0] as keyof typeof ROS_PARAMETER_TYPE] : 'anything else';
  // Command line tools send a list of mixed numbers as text.
  const hint =
    type === 'double_array' && given.type === ROS_PARAMETER_TYPE.string
      ? ' (write every number with a point: [1.0, 2.5])'
      : '';
  return `${name} must be ${TYPE_IN_WORDS[type]}, not ${found}${hint}`;
}
