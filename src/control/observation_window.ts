import { oldestLatestNs, pairInTime } from './observation_pairing.js';

/** Something that was observed at a time. */
export interface Stamped<T> {
  /** Header stamp, ns. */
  readonly stampNs: bigint;
  readonly value: T;
}

/** What was known at one control tick: of each source one message that is not newer than the tick. */
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
  /** Of each source: age above which its latest is too old, ns. */
  readonly maxAgesNs: readonly bigint[];
  /**
   * Approximate-time pairing: take messages that lie at most this far from that of the source which is behind
   * all others, see {@link pairInTime}. By default the latest of each source is taken.
   */
  readonly pairing?: { readonly slopNs: bigint };
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
      /** Control ticks until the next chunk is due, if messages go on coming; 0 when one is due now. */
      readonly dueInTicks: number;
    }
  | {
      /** A chunk was due but nothing was observed lately; it stays due. */
      readonly kind: 'skipped';
      readonly tickNs: bigint;
      readonly reason: string;
    }
  | { readonly kind: 'episode_end'; readonly tickNs: bigint; readonly reason: string };

/** What became of a message that was pushed. */
export type PushResult = 'taken' | 'duplicate' | 'out_of_order';

/** What became of the messages of a source: all others together, and what is still held, make up `received`. */
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
  /** Was stamped before the one before. */
  out_of_order: number;
  /** Named none of the source's joints. */
  other_joints: number;
}

interface Entry<T> extends Stamped<T> {
  used: boolean;
}

/** At rates such as 30 Hz a period is no whole number of nanoseconds; stamps are met within this. */
const TOLERANCE_NS = 1000n;
const NS_PER_SECOND = 1e9;
const NS_PER_MS = 1e6;
/** Part of a control period by which stamps may be off: one in so many. */
const JITTER_SHARE = 10n;
/**
 * What is held of a source beyond its allowed age: messages wait for a tick while another source is late, and
 * a source whose clock is ahead or that floods must not take all memory.
 */
const HELD_NS = 2_000_000_000n;
const HELD_MESSAGES = 4096;

/** Allowed age by default: two control periods, so that one lost message does no harm, and some jitter, ns. */
export function defaultMaxAgeNs(rateHz: number): bigint {
  return BigInt(Math.round((2.1 * NS_PER_SECOND) / rateHz));
}

/**
 * Brings messages of several sources, each with its own rate and delay, onto one grid of control ticks and
 * keeps the history a policy looks at. Pure: time comes in only as stamps.
 *
 * An episode begins at the first stamp at which every source has a latest message that is young enough (and,
 * with pairing, all fit together); its ticks are one control period apart from there. It ends at a tick at which
 * that is no longer so: the history then has a hole that the policy never saw in training, so it starts anew.
 * Chunks are due every `actionSteps` ticks; one is held back while no source has a message since the tick
 * before, as then nothing moves on (all sources stopped together) although none is too old yet.
 */
export class ObservationWindow<T> {
  readonly #options: ObservationWindowOptions;
  readonly #periodNs: bigint;
  readonly #buffers: Entry<T>[][];
  readonly #newest: (bigint | undefined)[];
  readonly #counts: SourceCounts[];
  #maxAgesNs: readonly bigint[];
  #actionSteps: number;
  #history: Observation<T>[] = [];
  #anchorNs: bigint | undefined;
  #tick = 0;
  #dueTick = 0;
  #episodes = 0;

  constructor(options: ObservationWindowOptions) {
    this.#options = options;
    this.#periodNs = BigInt(Math.round(NS_PER_SECOND / options.rateHz));
    this.#maxAgesNs = options.maxAgesNs;
    this.#actionSteps = options.actionSteps;
    this.#buffers = options.sources.map(() => []);
    this.#newest = options.sources.map(() => undefined);
    this.#counts = options.sources.map(() => ({
      received: 0,
      used: 0,
      superseded: 0,
      outside_episode: 0,
      duplicate: 0,
      out_of_order: 0,
      other_joints: 0,
    }));
  }

  /**
   * Takes a message of a source. One that is stamped like the newest of its source, or before it, is counted
   * and left out.
   */
  push(source: number, stampNs: bigint, value: T): PushResult {
    const counts = this.#counts[source]!;
    const newest = this.#newest[source];
    counts.received++;
    if (newest !== undefined && stampNs <= newest) {
      const why = stampNs === newest ? 'duplicate' : 'out_of_order';
      counts[why]++;
      return why;
    }
    const buffer = this.#buffers[source]!;
    this.#newest[source] = stampNs;
    buffer.push({ stampNs, value, used: false });
    // From the message before: what lies before a gap is still to be gone through.
    const oldestNs = (newest ?? stampNs) - this.#maxAgesNs[source]! - HELD_NS;
    while (buffer.length > HELD_MESSAGES || buffer[0]!.stampNs < oldestNs) {
      this.#drop(source, this.#anchorNs === undefined ? 'outside_episode' : 'superseded');
    }
    return 'taken';
  }

  /** Counts a message of a source's topic that says nothing about the source. */
  passOver(source: number): void {
    this.#counts[source]!.received++;
    this.#counts[source]!.other_joints++;
  }

  /** Sets the allowed ages of all sources, ns. */
  setMaxAges(maxAgesNs: readonly bigint[]): void {
    this.#maxAgesNs = maxAgesNs;
  }

  /** Sets the number of control ticks from one chunk to the next; counts from the last chunk. */
  setActionSteps(actionSteps: number): void {
    if (this.#dueTick > this.#tick) this.#dueTick += actionSteps - this.#actionSteps;
    this.#actionSteps = actionSteps;
  }

  /** The chunk that was due could not be made: one is due again at the next tick. */
  retry(): void {
    this.#dueTick = this.#tick;
  }

  /** Ends the episode and forgets all messages and their stamps, as when a clock was set; counts stay. */
  reset(): void {
    this.#anchorNs = undefined;
    this.#history = [];
    for (const [source, buffer] of this.#buffers.entries()) {
      while (buffer.length > 0) this.#drop(source, 'outside_episode');
      this.#newest[source] = undefined;
    }
  }

  /** Time of the next control tick, ns; undefined outside an episode. */
  get nextTickNs(): bigint | undefined {
    return this.#anchorNs === undefined ? undefined : this.#timeOfTick();
  }

  /** Control ticks from the next one until a chunk is due. */
  get nextDueInTicks(): number {
    return Math.max(0, this.#dueTick - this.#tick);
  }

  /** The newest message of a source that is held. */
  newest(source: number): Stamped<T> | undefined {
    return this.#buffers[source]!.at(-1);
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
      this.#dropBefore(tickNs, 'superseded');
      const samples = this.#select(tickNs);
      if (typeof samples === 'string') {
        this.#endEpisode(tickNs);
        yield { kind: 'episode_end', tickNs, reason: samples };
      } else {
        yield* this.#observe(tickNs, samples);
      }
    }
  }

  /**
   * Goes through the control ticks that are left when no message comes any more: up to one period after the
   * newest, as later ones make no chunk.
   */
  *finish(): Generator<WindowEvent<T>> {
    const newest = this.#newest.filter((stampNs) => stampNs !== undefined);
    if (newest.length > 0)
      yield* this.advance(latestOf(newest) + this.#periodNs - 2n * TOLERANCE_NS);
  }

  /** Why there is no observation at a time: which source never came, is too old or fits no other. */
  notReady(tickNs: bigint): string | undefined {
    const samples = this.#select(tickNs);
    return typeof samples === 'string' ? samples : undefined;
  }

  /** What is observed at a time, else why nothing is. */
  #select(tickNs: bigint): readonly Entry<T>[] | string {
    const { sources, pairing } = this.#options;
    const candidates: Entry<T>[][] = [];
    for (const [i, name] of sources.entries()) {
      const known = this.#knownAt(i, tickNs);
      const stampNs = known.at(-1)?.stampNs ?? this.#newest[i];
      if (stampNs === undefined) return `missing: ${name}`;
      const ageNs = tickNs - stampNs;
      if (ageNs < -TOLERANCE_NS) return `ahead: ${name} ${inMs(-ageNs)} ms in the future`;
      const young = known.filter((entry) => tickNs - entry.stampNs <= this.#maxAgesNs[i]!);
      if (young.length === 0) return `stale: ${name} ${inMs(ageNs)} ms old`;
      candidates.push(young);
    }
    if (!pairing) return candidates.map((young) => young.at(-1)!);
    const pairs = pairInTime(candidates, pairing.slopNs);
    if ('paired' in pairs) return pairs.paired;
    return `unpaired: ${sources[pairs.unpaired]!} ${inMs(pairs.apartNs)} ms apart`;
  }

  *#observe(tickNs: bigint, samples: readonly Entry<T>[]): Generator<WindowEvent<T>> {
    for (const [source, entry] of samples.entries()) {
      if (!entry.used) this.#counts[source]!.used++;
      entry.used = true;
    }
    const observation = { tickNs, samples };
    const { obsSteps } = this.#options;
    if (this.#history.length === 0) this.#history = Array(obsSteps - 1).fill(observation);
    this.#history = [...this.#history, observation].slice(-obsSteps);
    const reached = this.#tick >= this.#dueTick;
    const due = reached && this.#movesOn(tickNs);
    const dueInTicks = due ? 0 : Math.max(1, this.#dueTick - this.#tick);
    if (due) this.#dueTick = this.#tick + this.#actionSteps;
    this.#tick++;
    const episode = this.#episodes - 1;
    yield { kind: 'observation', tickNs, episode, window: this.#history, due, dueInTicks };
    if (reached && !due) yield { kind: 'skipped', tickNs, reason: 'no new observation' };
  }

  /**
   * Whether anything was observed since the tick before. Where all sources run at the control rate, jitter puts
   * the messages of a tick a little behind it: these count as well.
   */
  #movesOn(tickNs: bigint): boolean {
    const fromNs = tickNs - this.#periodNs + TOLERANCE_NS;
    const toNs = tickNs + this.#periodNs / JITTER_SHARE;
    return this.#buffers.some((buffer) =>
      buffer.some(({ stampNs }) => stampNs > fromNs && stampNs <= toNs),
    );
  }

  /** The messages held of a source that are not newer than a time. */
  #knownAt(source: number, timeNs: bigint): Entry<T>[] {
    const buffer = this.#buffers[source]!;
    return buffer.slice(
      0,
      buffer.findLastIndex(({ stampNs }) => stampNs <= timeNs + TOLERANCE_NS) + 1,
    );
  }

  #timeOfTick(): bigint {
    const sinceAnchor = Math.round((this.#tick * NS_PER_SECOND) / this.#options.rateHz);
    return this.#anchorNs! + BigInt(sinceAnchor);
  }

  /** Finds the first stamp not later than `untilNs` at which there is an observation. */
  #beginEpisode(untilNs: bigint): boolean {
    let stampNs = this.#allCameNs();
    while (stampNs !== undefined && stampNs <= untilNs) {
      this.#dropBefore(stampNs, 'outside_episode');
      if (this.notReady(stampNs) === undefined) {
        this.#anchorNs = stampNs;
        this.#tick = 0;
        this.#dueTick = 0;
        this.#episodes++;
        return true;
      }
      stampNs = this.#nextStampNs(stampNs);
    }
    // Nothing before that can be part of an episode that begins after `untilNs`.
    this.#dropBefore(untilNs, 'outside_episode');
    this.#dropOlderThanMaxAge(untilNs);
    return false;
  }

  /** The first time at which a message of every source was there. */
  #allCameNs(): bigint | undefined {
    const stamps = this.#buffers.flatMap((buffer) => (buffer[0] ? [buffer[0].stampNs] : []));
    return stamps.length < this.#buffers.length ? undefined : latestOf(stamps);
  }

  /** The first stamp after a time. */
  #nextStampNs(timeNs: bigint): bigint | undefined {
    const next = this.#buffers.map((buffer) => buffer.filter(({ stampNs }) => stampNs > timeNs));
    return next.reduce<bigint | undefined>((first, [head]) => {
      return head && (first === undefined || head.stampNs < first) ? head.stampNs : first;
    }, undefined);
  }

  #endEpisode(tickNs: bigint): void {
    this.#anchorNs = undefined;
    this.#history = [];
    this.#dropOlderThanMaxAge(tickNs);
  }

  #dropOlderThanMaxAge(timeNs: bigint): void {
    for (const [source, buffer] of this.#buffers.entries()) {
      while (buffer[0] && timeNs - buffer[0].stampNs > this.#maxAgesNs[source]!) {
        this.#drop(source, 'outside_episode');
      }
    }
  }

  /**
   * Drops what later messages replace at a time: all before the latest, with pairing all before the latest that
   * is not newer than what sets the time of the pairs, as that time only moves on.
   */
  #dropBefore(timeNs: bigint, why: 'superseded' | 'outside_episode'): void {
    const replacedNs = this.#options.pairing
      ? oldestLatestNs(this.#buffers.map((_, i) => this.#knownAt(i, timeNs)))
      : timeNs;
    if (replacedNs === undefined) return;
    for (const [source, buffer] of this.#buffers.entries()) {
      while (buffer[1] && buffer[1].stampNs <= replacedNs + TOLERANCE_NS) this.#drop(source, why);
    }
  }

  #drop(source: number, why: 'superseded' | 'outside_episode'): void {
    const entry = this.#buffers[source]!.shift()!;
    if (!entry.used) this.#counts[source]![why]++;
  }
}

function latestOf(stampsNs: readonly bigint[]): bigint {
  return stampsNs.reduce((latest, stampNs) => (stampNs > latest ? stampNs : latest));
}

function inMs(ns: bigint): number {
  return Math.round(Number(ns) / NS_PER_MS);
}
