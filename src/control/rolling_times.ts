import { quantiles } from '../caching/quantiles.js';

/** Quantiles of the last times that were noted, ms. */
export interface TimeQuantiles {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** Keeps the last times of something that happens again and again. */
export class RollingTimes {
  readonly #capacity: number;
  readonly #times: number[] = [];
  #count = 0;

  /** @param capacity how many times are kept */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  add(ms: number): void {
    this.#times[this.#count++ % this.#capacity] = ms;
  }

  /** Of the times kept; `count` is of all there ever were. Null of none. */
  quantiles(): TimeQuantiles | null {
    if (this.#times.length === 0) return null;
    const [p50, p95, p99, max] = quantiles(this.#times, [0.5, 0.95, 0.99, 1]) as [
      number,
      number,
      number,
      number,
    ];
    return { count: this.#count, p50, p95, p99, max };
  }

  clear(): void {
    this.#times.length = 0;
    this.#count = 0;
  }
}
