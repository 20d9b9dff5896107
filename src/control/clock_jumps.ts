/** A clock that is further off a steady one than this was set, ns. */
const FORWARD_NS = 1_000_000_000n;

/** Notices that a clock was set, or a simulation restarted. */
export class ClockJumps {
  #lastNs: bigint | undefined;
  #lastSteadyMs = 0;

  /** The time that was looked at before this one, ns. */
  get lastNs(): bigint {
    return this.#lastNs ?? 0n;
  }

  /**
   * Looks at the time.
   * @param backNs by how much a clock may go back, as one that is being adjusted does
   * @param simTime whether it is a simulated clock, which may be slower or faster than a steady one
   * @returns where it jumped to since it was looked at before; undefined when it did not
   */
  notice(
    nowNs: bigint,
    steadyMs: number,
    backNs: bigint,
    simTime: boolean,
  ): 'back' | 'forward' | undefined {
    const [lastNs, lastSteadyMs] = [this.#lastNs, this.#lastSteadyMs];
    this.#lastNs = nowNs;
    this.#lastSteadyMs = steadyMs;
    // A simulated clock is 0 before its first message.
    if (lastNs === undefined || lastNs === 0n) return undefined;
    if (nowNs + backNs < lastNs) return 'back';
    const passedNs = simTime ? 0n : BigInt(Math.round((steadyMs - lastSteadyMs) * 1e6));
    return nowNs - lastNs - passedNs > FORWARD_NS ? 'forward' : undefined;
  }
}
