/** Types of generate_parameter_library that the node uses. */
export type ParameterType = 'bool' | 'int' | 'double' | 'string' | 'double_array' | 'string_array';

/** Value of a parameter; integers are safe ones, doubles are finite. */
export type ParameterValue = boolean | number | string | readonly number[] | readonly string[];

/** A validator of generate_parameter_library, by its name there. */
export type ParameterConstraint =
  /** Both inclusive. */
  | { readonly kind: 'bounds'; readonly lower: number; readonly upper: number }
  | { readonly kind: 'one_of'; readonly values: readonly string[] }
  /** Each of these at will. */
  | { readonly kind: 'subset_of'; readonly values: readonly string[] }
  /** Inclusive, of every element. */
  | { readonly kind: 'lower_element_bounds'; readonly lower: number }
  /** No element twice. */
  | { readonly kind: 'unique' };

/**
 * When a peer may change a parameter: `at start` is ROS's read_only, `by the node` means that the node alone
 * writes it.
 */
export type ChangeTime = 'any time' | 'while unconfigured' | 'by the node' | 'at start';

/** Stands in the name of a mapped parameter for the name of an observation source. */
export const SOURCE_PLACEHOLDER = 'NAME';

/** One parameter as config/parameters.yaml declares it. */
export interface ParameterDeclaration {
  /** Full ROS name with points; of a mapped one with {@link SOURCE_PLACEHOLDER}: `sources.NAME.topic`. */
  readonly name: string;
  readonly type: ParameterType;
  readonly defaultValue: ParameterValue;
  /** What users read in `ros2 param describe` and in the README. */
  readonly description: string;
  readonly readOnly: boolean;
  readonly constraints: readonly ParameterConstraint[];
  /** The rest of the descriptor's constraints in words: reads on after the parameter's name; may be empty. */
  readonly additionalConstraints: string;
  readonly changes: ChangeTime;
  /** Whether it is a template: one parameter for each observation source of the policy. */
  readonly mapped: boolean;
}
