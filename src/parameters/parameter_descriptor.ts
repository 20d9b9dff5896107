import type { ParameterConstraint, ParameterDeclaration } from './parameter_declaration.js';
import { ROS_PARAMETER_TYPE } from './ros_parameter_type.js';

/** A range of rcl_interfaces; `step` 0 allows every value in it. */
interface Range<T> {
  readonly from_value: T;
  readonly to_value: T;
  readonly step: T;
}

/** The message rcl_interfaces/msg/ParameterDescriptor as a plain object. */
export interface ParameterDescriptorMessage {
  readonly name: string;
  readonly type: number;
  readonly description: string;
  readonly additional_constraints: string;
  readonly read_only: boolean;
  readonly dynamic_typing: boolean;
  readonly floating_point_range: readonly Range<number>[];
  readonly integer_range: readonly Range<bigint>[];
}

/** What `ros2 param describe` shows of a parameter. */
export function parameterDescriptor(declaration: ParameterDeclaration): ParameterDescriptorMessage {
  const { name, type, description, readOnly, constraints } = declaration;
  const bounds = constraints.find((constraint) => constraint.kind === 'bounds');
  return {
    name,
    type: ROS_PARAMETER_TYPE[type],
    description,
    additional_constraints: [
      ...constraints.map(constraintInWords),
      declaration.additionalConstraints,
    ]
      .filter((text) => text !== '')
      .join('; '),
    read_only: readOnly,
    dynamic_typing: false,
    floating_point_range:
      bounds && type === 'double'
        ? [{ from_value: bounds.lower, to_value: bounds.upper, step: 0 }]
        : [],
    integer_range:
      bounds && type === 'int'
        ? [{ from_value: BigInt(bounds.lower), to_value: BigInt(bounds.upper), step: 1n }]
        : [],
  };
}

/** Empty for what the descriptor's ranges say. */
function constraintInWords(constraint: ParameterConstraint): string {
  switch (constraint.kind) {
    case 'bounds':
      return '';
    case 'one_of':
      return `one of ${constraint.values.join(', ')}`;
    case 'subset_of':
      return `only ${constraint.values.join(', ')}`;
    case 'lower_element_bounds':
      return `every element at least ${constraint.lower}`;
    case 'unique':
      return 'no element twice';
  }
}
