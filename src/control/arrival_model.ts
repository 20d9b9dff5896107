/** Arrivals that are remembered of each source. */
const REMEMBERED = 32;
/** Share of the usual time between two stamps within which a source's next message is not expected yet. */
const NOT_BEFORE = 0.85;
const LATE_QUANTILE = 0.95;
/** Waited beyond what messages usually take, ns. */
const WAIT_MARGIN_NS = 1_000_000n;

/** How long messages are waited for. */
export interface Patience {
  /** How long after a control tick, ns; undefined: learned from how late messages come. */
  readonly waitNs: bigint | undefined;
  /** Whether the clock is a simulated one: what is done must not depend on how fast messages come. */
  readonly simTime: boolean;
}

interface Arrivals {
  /** Time from stamp to arrival, ns; the newest overwrite the oldest. */
  readonly delaysNs: number[];
  /** Time from one stamp to the next, ns. */
  readonly periodsNs: number[];
  newestNs: bigint | undefined;
  count: number;
}

/**
 * How late the messages of each source usually come, and how often, learned from the last few dozen. From that
 * it says up to which time nothing more is to be expected, so that a control tick waits for a picture that is on
 * its way, but for no longer than that takes, and not at all when none is.
 */
export class ArrivalModel {
  readonly #sources: readonly Arrivals[];

  /** @param sources number of sources */
  constructor(sources: number) {
    this.#sources = Array.from({ length: sources }, () => ({
      delaysNs: [],
      periodsNs: [],
      newestNs: undefined,
      count: 0,
    }));
  }

  /** Notes the arrival of a message. @param stampNs its header stamp @param nowNs the time it came, same clock */
  arrived(source: number, stampNs: bigint, nowNs: bigint): void {
    const arrivals = this.#sources[source]!;
    const { newestNs, count } = arrivals;
    if (newestNs !== undefined && stampNs <= newestNs) return;
    arrivals.delaysNs[count % REMEMBERED] = Number(nowNs - stampNs);
    if (newestNs !== undefined) arrivals.periodsNs[count % REMEMBERED] = Number(stampNs - newestNs);
    arrivals.newestNs = stampNs;
    arrivals.count++;
  }

  /** How long after a control tick it is observed at the latest, ns. @param periodNs from tick to tick */
  waitNs({ waitNs, simTime }: Patience, periodNs: bigint): bigint {
    if (waitNs !== undefined) return waitNs;
    if (simTime) return periodNs;
    const delays = this.#sources.map(({ delaysNs }) => quantile(delaysNs, LATE_QUANTILE) ?? 0);
    const learned = BigInt(Math.max(0, Math.round(Math.max(0, ...delays)))) + WAIT_MARGIN_NS;
    return learned < periodNs / 2n ? learned : periodNs / 2n;
  }

  /**
   * The time up to which all messages are there, or are not waited for any longer, ns; never ahead of now.
   * @param patientNs the time that counts for waiting, ns
   */
  completeUntilNs(nowNs: bigint, patientNs: bigint, patience: Patience, periodNs: bigint): bigint {
    const isStrict = patience.simTime || patience.waitNs !== undefined;
    const known = this.#knownUntilNs(!isStrict);
    const waited = patientNs - this.waitNs(patience, periodNs);
    const until = known !== undefined && known > waited ? known : waited;
    return until < nowNs ? until : nowNs;
  }

  /** Whether the newest message of a source is probably its last that is stamped before a time. */
  isLastBefore(source: number, timeNs: bigint): boolean {
    const arrivals = this.#sources[source]!;
    if (arrivals.newestNs === undefined || arrivals.newestNs > timeNs) return false;
    return arrivals.newestNs + quietNs(arrivals) > timeNs;
  }

  /**
   * Time up to which no more message of any source is expected, ns; undefined while one was never heard.
   * @param expectRegular whether a source that is heard at a steady rate is taken to go on with it
   */
  #knownUntilNs(expectRegular: boolean): bigint | undefined {
    let known: bigint | undefined;
    for (const arrivals of this.#sources) {
      if (arrivals.newestNs === undefined) return undefined;
      const until = arrivals.newestNs + (expectRegular ? quietNs(arrivals) : 0n);
      if (known === undefined || until < known) known = until;
    }
    return known;
  }

  /** Forgets everything: after a jump of the clock delays and periods mean nothing. */
  reset(): void {
    for (const arrivals of this.#sources) {
      arrivals.delaysNs.length = 0;
      arrivals.periodsNs.length = 0;
      arrivals.newestNs = undefined;
      arrivals.count = 0;
    }
  }
}

/** How long after its newest stamp a source's next one is not expected yet, ns; 0 before its rate is known. */
function quietNs({ periodsNs }: Arrivals): bigint {
  const period = quantile(periodsNs, 1 - LATE_QUANTILE) ?? 0;
  return BigInt(Math.round(period * NOT_BEFORE));
}

/** Nearest-rank quantile; undefined of nothing. Small and called at every tick, hence no library. */
function quantile(values: readonly (number | undefined)[], q: number): number | undefined {
  const sorted = values.filter((value) => value !== undefined).sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
}
