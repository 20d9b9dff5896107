import { InvalidArgumentError } from 'commander';

/** Most threads an operator may be given; ONNX Runtime starts as many as it is told, however few cores there are. */
export const MAX_THREADS = 256;

/** Parser of an option that takes an integer from `min` to `max`; anything else is bad usage. */
export function integerOption(min: number, max = Number.MAX_SAFE_INTEGER) {
  return (text: string): number => {
    const value = /^-?\d+$/.test(text) ? Number(text) : NaN;
    if (value >= min && value <= max) return value;
    const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
    throw new InvalidArgumentError(`It must be an integer ${range}.`);
  };
}
