/** Counts things by name. */
export class Tally {
  readonly #counts = new Map<string, number>();

  add(name: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }

  /** By name, as JSON holds it. */
  toRecord(): Record<string, number> {
    return Object.fromEntries(this.#counts);
  }
}
