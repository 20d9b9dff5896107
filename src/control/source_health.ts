/** A source whose newest messages are so many times in a row of no use has failed. */
const UNUSABLE_IN_A_ROW = 2;

/** Whether the sources of observations are alive: their last usable stamps, and messages of no use since. */
export class SourceHealth {
  readonly #names: readonly string[];
  readonly #lastStampsNs: (bigint | undefined)[];
  readonly #unusable: number[];

  constructor(names: readonly string[]) {
    this.#names = names;
    this.#lastStampsNs = names.map(() => undefined);
    this.#unusable = names.map(() => 0);
  }

  /** Stamp of each source's last usable message, ns. */
  get lastStampsNs(): readonly (bigint | undefined)[] {
    return this.#lastStampsNs;
  }

  /** Whether a source sends nothing but what is of no use. */
  get hasFailed(): boolean {
    return this.#unusable.some((times) => times >= UNUSABLE_IN_A_ROW);
  }

  /** A message that could be read. @param stampNs undefined when its stamp was no good */
  usable(source: number, stampNs: bigint | undefined): void {
    this.#unusable[source] = 0;
    const lastNs = this.#lastStampsNs[source];
    if (stampNs === undefined || (lastNs !== undefined && stampNs < lastNs)) return;
    this.#lastStampsNs[source] = stampNs;
  }

  /** A message that could not be read. @returns whether the source has failed */
  unusable(source: number): boolean {
    return ++this.#unusable[source]! >= UNUSABLE_IN_A_ROW;
  }

  /** The first source that was heard but not of late, as a reason; undefined when there is none. */
  stale(nowNs: bigint, maxAgesNs: readonly bigint[]): string | undefined {
    for (const [i, name] of this.#names.entries()) {
      const ageNs = nowNs - (this.#lastStampsNs[i] ?? nowNs);
      if (ageNs > maxAgesNs[i]!) return `stale: ${name} ${Math.round(Number(ageNs) / 1e6)} ms old`;
    }
    return undefined;
  }

  /** The clock was set: stamps from before mean nothing. */
  forgetStamps(): void {
    this.#lastStampsNs.fill(undefined);
  }
}
