/** Codes of parameter types on the wire, from rcl_interfaces/msg/ParameterType. */
export const ROS_PARAMETER_TYPE = {
  not_set: 0,
  bool: 1,
  int: 2,
  double: 3,
  string: 4,
  byte_array: 5,
  bool_array: 6,
  int_array: 7,
  double_array: 8,
  string_array: 9,
} as const;
