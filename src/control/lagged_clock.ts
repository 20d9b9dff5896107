/** So long messages may be on their way through a busy machine, ms of real time. */
const LAG_MS = 300;

/**
 * A simulated time as it was a moment of real time ago. On a busy machine the newest message of a clock overtakes
 * others that wait in their queues: these are late by the clock, but nothing is wrong with them, and what a
 * simulation or a bag leads to must not depend on the machine. So they are given that moment.
 */
export class LaggedClock {
  #noted: { readonly steadyMs: number; readonly nowNs: bigint }[] = [];

  /** Notes the time. @returns what it was a moment ago; the earliest noted where that is not so long ago, ns */
  note(nowNs: bigint, steadyMs: number): bigint {
    if (this.#noted.at(-1)?.nowNs !== nowNs) this.#noted.push({ steadyMs, nowNs });
    // Each holds until the next one was noted.
    while (this.#noted.length > 1 && this.#noted[1]!.steadyMs <= steadyMs - LAG_MS) {
      this.#noted.shift();
    }
    return this.#noted[0]!.nowNs;
  }

  /** Forgets what was noted: the clock was set. */
  reset(): void {
    this.#noted = [];
  }
}
