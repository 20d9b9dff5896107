/** A logarithmic axis: its ends, where its marks are, and where a value lies between the ends. */
export interface LogAxis {
  readonly min: number;
  readonly max: number;
  /** Values with a label, rising. */
  readonly marks: readonly number[];
  /** 0 at `min`, 1 at `max`; what lies outside is moved to the nearer end. */
  readonly at: (value: number) => number;
}

/** Labels that fit beside each other. */
const MOST_MARKS = 10;

/** An axis that holds all values, which must be positive, with some room at both ends. */
export function logAxis(values: readonly number[]): LogAxis {
  const positive = values.filter((value) => value > 0 && Number.isFinite(value));
  const [low, high] = positive.length
    ? [Math.min(...positive), Math.max(...positive)]
    : ([1, 10] as const);
  // A twelfth of the width at each end, and never less than half an octave.
  const room = Math.max(0.15, 0.1 * Math.log10(high / low));
  const min = low / 10 ** room;
  const max = high * 10 ** room;
  const span = Math.log10(max / min);
  const at = (value: number): number => Math.min(1, Math.max(0, Math.log10(value / min) / span));
  return { min, max, at, marks: marksBetween(min, max) };
}

/** 1, 2, 5, 10, ... or, where these are too many, powers of ten. */
function marksBetween(min: number, max: number): number[] {
  const first = Math.floor(Math.log10(min));
  const powers = Array.from(
    { length: Math.ceil(Math.log10(max)) - first + 1 },
    (_, i) => first + i,
  );
  const inside = (mantissas: readonly number[]): number[] =>
    powers
      // By way of text, since 10 ** -3 is not 0.001.
      .flatMap((power) => mantissas.map((mantissa) => Number(`${mantissa}e${power}`)))
      .filter((mark) => mark >= min && mark <= max);
  const fine = inside([1, 2, 5]);
  return fine.length <= MOST_MARKS ? fine : inside([1]);
}
