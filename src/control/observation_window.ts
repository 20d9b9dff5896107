/** Something that was observed at a time. */
export interface Stamped<T> {
  /** Header stamp, ns. */
  readonly stampNs: bigint;
  readonly value: T;
}

/** What was known at one control tick: of each source the latest that is not newer than the tick. */
export interface Observation<T> {
  readonly tickNs: bigint;
  readonly samples: readonly Stamped<T>[];
}

export interface ObservationWindowOptions {
  /** Names of the sources, for reasons. */
  readonly sources: readonly string[];
  /** To, observations in a window. */
  readonly obsSteps: number;
  /** Ta, control ticks from one chunk to the next. */
  readonly actionSteps: number;
  /** Control rate, Hz. */
  readonly rateHz: number;
  /** Age at which a source's latest is too old, ns. */
  readonly maxAgeNs: bigint;
}

/** What happened at a control tick. */
export type WindowEvent<T> =
  | {
      readonly kind: 'observation';
      readonly tickNs: bigint;
      /** Counts episodes from 0. */
      readonly episode: number;
      /** To observations, oldest first; at the start of an episode the first is repeated. */
      readonly window: readonly Observation<T>[];
      /** Whether a chunk is to be made from it. */
      readonly due: boolean;
    }
  | {
      /** A chunk was due but nothing was observed lately; it stays due. */
      readonly kind: 'skipped';
      readonly tickNs: bigint;
      readonly reason: string;
    }
  | { readonly kind: 'episode_end'; readonly tickNs: bigint; readonly reason: string };

/** What became of the messages of a source. */
export interface SourceCounts {
  received: number;
  /** Part of at least one observation. */
  used: number;
  /** A later one came before the next control tick. */
  superseded: number;
  /** At that time another source was missing or too old. */
  outside_episode: number;
  /** Had the stamp of the one before. */
  duplicate: number;
}

interface Entry<T> extends Stamped<T> {
  used: boolean;
}

/** At rates such as 30 Hz a period is no whole number of nanoseconds; stamps are met within this. */
const TOLERANCE_NS = 1000n;
const NS_PER_SECOND = 1e9;
const NS_PER_MS = 1e6;

/** Allowed age by default: two control periods, so that one lost message does no harm, and some jitter, ns. */
export function defaultMaxAgeNs(rateHz: number): bigint {
  return BigInt(Math.round((2.1 * NS_PER_SECOND) / rateHz));
}

/**
 * Brings messages of several sources, each with its own rate and delay, onto one grid of control ticks and
 * keeps the history a policy looks at. Pure: time comes in only as stamps.
 *
 * An episode begins at the first stamp at which every source has a latest message that is young enough; its
 * ticks are one control period apart from there. It ends at a tick at which a source is too old: the history
 * then has a hole that the policy never saw in training, so it starts anew. Chunks are due every `actionSteps`
 * ticks; one is held back while the youngest message of all is older than half the allowed age, as then nothing
 * moves on (all sources stopped together) although no source is too old yet.
 */
export class ObservationWindow<T> {
  readonly #options: ObservationWindowOptions;
  readonly #buffers: Entry<T>[][];
  readonly #newest: (bigint | undefined)[];
  readonly #counts: SourceCounts[];
  #history: Observation<T>[] = [];
  #anchorNs: bigint | undefined;
  #tick = 0;
  #dueTick = 0;
  #episodes = 0;

  constructor(options: ObservationWindowOptions) {
    this.#options = options;
    this.#buffers = options.sources.map(() => []);
    this.#newest = options.sources.map(() => undefined);
    this.#counts = options.sources.map(() => ({
      received: 0,
      used: 0,
      superseded: 0,
      outside_episode: 0,
      duplicate: 0,
    }));
  }

  /**
   * Takes a message of a source; stamps of one source must not go backwards.
   * @returns the stamp of the message before where it is later than this one's, which is then left out
   */
  push(source: number, stampNs: bigint, value: T): bigint | undefined {
    const newest = this.#newest[source];
    if (newest !== undefined && stampNs < newest) return newest;
    const counts = this.#counts[source]!;
    counts.received++;
    if (stampNs === newest) {
      counts.duplicate++;
    } else {
      this.#newest[source] = stampNs;
      this.#buffers[source]!.push({ stampNs, value, used: false });
    }
    return undefined;
  }

  /** Stamp of the newest message of each source, ns. */
  get newestNs(): readonly (bigint | undefined)[] {
    return this.#newest;
  }

  /** Episodes begun so far. */
  get episodes(): number {
    return this.#episodes;
  }

  /** What became of each source's messages so far. */
  get counts(): readonly Readonly<SourceCounts>[] {
    return this.#counts;
  }

  /** Goes through all control ticks up to a time at which the messages up to then are known, ns. */
  *advance(untilNs: bigint): Generator<WindowEvent<T>> {
    for (;;) {
      if (this.#anchorNs === undefined && !this.#beginEpisode(untilNs)) return;
      const tickNs = this.#timeOfTick();
      if (tickNs > untilNs + TOLERANCE_NS) return;
      for (const source of this.#buffers.keys()) this.#dropBefore(source, tickNs, 'superseded');
      const reason = this.notReady(tickNs);
      if (reason !== undefined) {
        this.#endEpisode(tickNs);
        yield { kind: 'episode_end', tickNs, reason };
      } else {
        yield* this.#observe(tickNs);
      }
    }
  }

  /** Why there is no observation at a time: which source never came or is too old. */
  notReady(tickNs: bigint): string | undefined {
    for (const [i, name] of this.#options.sources.entries()) {
      const latest = this.#buffers[i]!.findLast(({ stampNs }) => stampNs <= tickNs + TOLERANCE_NS);
      const stampNs = latest?.stampNs ?? this.#newest[i];
      if (stampNs === undefined) return `missing: ${name}`;
      if (tickNs - stampNs > this.#options.maxAgeNs) {
        return `stale: ${name} ${Math.round(Number(tickNs - stampNs) / NS_PER_MS)} ms old`;
      }
    }
    return undefined;
  }

  *#observe(tickNs: bigint): Generator<WindowEvent<T>> {
    const samples = this.#buffers.map((buffer, source) => {
      const entry = buffer[0]!;
      if (!entry.used) this.#counts[source]!.used++;
      entry.used = true;
      return entry;
    });
    const observation = { tickNs, samples };
    const { obsSteps, actionSteps, maxAgeNs } = this.#options;
    if (this.#history.length === 0) this.#history = Array(obsSteps - 1).fill(observation);
    this.#history = [...this.#history, observation].slice(-obsSteps);
    const youngest = samples.reduce(
      (newest, { stampNs }) => (stampNs > newest ? stampNs : newest),
      samples[0]!.stampNs,
    );
    const reached = this.#tick >= this.#dueTick;
    const due = reached && (tickNs - youngest) * 2n <= maxAgeNs;
    if (due) this.#dueTick = this.#tick + actionSteps;
    this.#tick++;
    const episode = this.#episodes - 1;
    yield { kind: 'observation', tickNs, episode, window: this.#history, due };
    if (reached && !due) yield { kind: 'skipped', tickNs, reason: 'no new observation' };
  }

  #timeOfTick(): bigint {
    const sinceAnchor = Math.round((this.#tick * NS_PER_SECOND) / this.#options.rateHz);
    return this.#anchorNs! + BigInt(sinceAnchor);
  }

  /** Finds the first stamp not later than `untilNs` at which all sources are fresh. */
  #beginEpisode(untilNs: bigint): boolean {
    for (;;) {
      const heads = this.#buffers.map((buffer) => buffer[0]);
      if (heads.some((head) => head === undefined)) break;
      const stampNs = heads.reduce(
        (latest, head) => (head!.stampNs > latest ? head!.stampNs : latest),
        heads[0]!.stampNs,
      );
      if (stampNs > untilNs) break;
      let fresh = true;
      for (const [source, buffer] of this.#buffers.entries()) {
        this.#dropBefore(source, stampNs, 'outside_episode');
        if (stampNs - buffer[0]!.stampNs > this.#options.maxAgeNs) {
          this.#drop(source, 'outside_episode');
          fresh = false;
        }
      }
      if (fresh) {
        this.#anchorNs = stampNs;
        this.#tick = 0;
        this.#dueTick = 0;
        this.#episodes++;
        return true;
      }
    }
    // Nothing this old can be part of an episode that begins after `untilNs`.
    this.#dropOlderThanMaxAge(untilNs);
    return false;
  }

  #endEpisode(tickNs: bigint): void {
    this.#anchorNs = undefined;
    this.#history = [];
    this.#dropOlderThanMaxAge(tickNs);
  }

  #dropOlderThanMaxAge(timeNs: bigint): void {
    for (const [source, buffer] of this.#buffers.entries()) {
      while (buffer[0] && timeNs - buffer[0].stampNs > this.#options.maxAgeNs) {
        this.#drop(source, 'outside_episode');
      }
    }
  }

  /** Drops what a later message of the source replaces at a time. */
  #dropBefore(source: number, timeNs: bigint, why: 'superseded' | 'outside_episode'): void {
    const buffer = this.#buffers[source]!;
    while (buffer[1] && buffer[1].stampNs <= timeNs + TOLERANCE_NS) this.#drop(source, why);
  }

  #drop(source: number, why: 'superseded' | 'outside_episode'): void {
    const entry = this.#buffers[source]!.shift()!;
    if (!entry.used) this.#counts[source]![why]++;
  }
}
