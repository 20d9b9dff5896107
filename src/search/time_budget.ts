/** Shares of the whole time by the end of which dense runs are made, and candidates were searched for. */
const RECORDED = 0.42;
const SEARCHED = 0.62;
/** Measuring aims at so much of all time, compiling and the unforeseen included. */
const MEASURED = 0.92;

/**
 * How the time that an optimisation may take is shared out. Whatever the machine can do less of in its share, it
 * does less of: dense runs, candidates, runs that plans are measured on.
 */
export class TimeBudget {
  readonly #begin: number;
  readonly #limit: number;
  readonly #now: () => number;

  /** @param seconds in all @param now ms by a steady clock */
  constructor(seconds: number, now: () => number = () => performance.now()) {
    this.#limit = 1000 * seconds;
    this.#now = now;
    this.#begin = now();
  }

  /** Since the beginning. */
  get seconds(): number {
    return (this.#now() - this.#begin) / 1000;
  }

  /** Seconds that are left for dense runs. */
  get forRecording(): number {
    return this.#until(RECORDED);
  }

  /** Whether searching has to end. */
  get isSearched(): boolean {
    return this.#until(SEARCHED) <= 0;
  }

  /** Seconds for one of `pieces` that are still to be measured, the same for each. */
  forMeasuring(pieces: number): number {
    return Math.max(0, this.#until(MEASURED)) / pieces;
  }

  #until(share: number): number {
    return (this.#begin + share * this.#limit - this.#now()) / 1000;
  }
}
