/** Levels of diagnostic_msgs/msg/DiagnosticStatus. */
export const LEVEL = { ok: 0, warn: 1, error: 2 } as const;

/** diagnostic_msgs/msg/DiagnosticStatus. */
export interface DiagnosticStatus {
  readonly level: number;
  readonly name: string;
  readonly message: string;
  readonly hardware_id: string;
  readonly values: readonly { readonly key: string; readonly value: string }[];
}

/** A status with its values as text. */
export function statusOf(
  name: string,
  level: number,
  message: string,
  values: Readonly<Record<string, string | number>>,
): DiagnosticStatus {
  return {
    level,
    name,
    message,
    hardware_id: '',
    values: Object.entries(values).map(([key, value]) => ({ key, value: String(value) })),
  };
}

/** Values whose keys begin with what they have in common. */
export function prefixed<T extends string | number>(
  prefix: string,
  values: Readonly<Record<string, T>>,
): Record<string, T> {
  return Object.fromEntries(Object.entries(values).map(([key, n]) => [`${prefix}${key}`, n]));
}
