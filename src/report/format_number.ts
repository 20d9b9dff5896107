/** A time in milliseconds as text. */
export function ms(time: number): string {
  return `${time.toFixed(time < 1 ? 3 : time < 10 ? 2 : 1)} ms`;
}

/** A small quantity as text, two digits or more of it. */
export function small(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size < 0.1 ? 3 : size < 10 ? 2 : size < 1000 ? 1 : 0);
}

/** A share as text. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(share < 0.1 ? 2 : 1)} %`;
}

/** How many times as text. */
export function times(factor: number): string {
  return `${factor.toFixed(factor < 10 ? 1 : 0)}x`;
}

/** A number of an axis or a scale, as short as it goes. */
export function plain(value: number): string {
  return value >= 1e5 || value < 1e-4 ? value.toExponential() : String(value);
}

/** What a physical unit is shown as, so that small differences are plain numbers. */
export interface ShownUnit {
  readonly name: string;
  /** Shown = physical * factor. */
  readonly factor: number;
}

const SMALL_UNITS: Readonly<Record<string, string>> = { rad: 'mrad', m: 'mm' };

/** mrad for rad, mm for m; any other unit stays. */
export function shownUnit(unit: string): ShownUnit {
  const name = SMALL_UNITS[unit];
  return name === undefined ? { name: unit, factor: 1 } : { name, factor: 1000 };
}
