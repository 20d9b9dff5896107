import type { Interval, ReportFacts } from '../facts/report_facts.js';
import { shownUnit, small, type ShownUnit } from '../format_number.js';

/** Unit of errors over all joints: that of the first joint. */
export function errorUnit({ policy }: ReportFacts): ShownUnit {
  return shownUnit(policy.joints[0]!.unit);
}

/** An error with its unit. */
export function errorText(value: number, { name, factor }: ShownUnit): string {
  return `${small(factor * value)} ${name}`;
}

/** A value and its interval, without the unit. */
export function intervalText({ value, low, high }: Interval, { factor }: ShownUnit): string {
  return `${small(factor * value)} (${small(factor * low)} to ${small(factor * high)})`;
}
