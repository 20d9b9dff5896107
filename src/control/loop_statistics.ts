import { RollingTimes, type TimeQuantiles } from './rolling_times.js';
import { Tally } from './tally.js';

/** Chunks and ticks whose times are kept for quantiles. */
const KEPT_TIMES = 1000;
/** How long a chunk that was late is news, ms. */
const NEWS_MS = 10_000;
/** Time over which the rate of a source is measured, ms. */
const RATE_WINDOW_MS = 2000;

/** What is told about one source. */
export interface SourceReport {
  readonly name: string;
  /** Messages per second of late. */
  readonly rateHz: number;
  readonly received: number;
  /** Messages that came to no use before they reached the window, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
  /** The last message that could not be used, and why; undefined when there was none. */
  readonly problem: string | undefined;
}

/** What is told about the loop as a whole; times in ms, of the last thousand. */
export interface LoopReport {
  readonly ticks: number;
  /** Ticks that were only observed after the next one was due. */
  readonly ticksMissed: number;
  /** From when a tick could be observed to when it was. */
  readonly tickLateness: TimeQuantiles | null;
  /** From the tick to its observation, waiting for messages included. */
  readonly tickDelay: TimeQuantiles | null;
  readonly chunks: number;
  readonly published: number;
  readonly inference: TimeQuantiles | null;
  readonly observation: TimeQuantiles | null;
  /** From the newest observation's stamp to the publication. */
  readonly observationToPublish: TimeQuantiles | null;
  /** From the control tick to the publication. */
  readonly tickToPublish: TimeQuantiles | null;
  /** Ticks at which a chunk was due while the one before was still being made. */
  readonly overruns: number;
  /** Chunks that took longer than the budget. */
  readonly overBudget: number;
  /** Whether either happened within the last seconds. */
  readonly lateRecently: boolean;
  /** Ticks at which a chunk was due and none was begun, by reason. */
  readonly skipped: Readonly<Record<string, number>>;
  /** Chunks that were made and not sent, by reason. */
  readonly discarded: Readonly<Record<string, number>>;
  /** Ends of motion by reason. */
  readonly faults: Readonly<Record<string, number>>;
  /** Chunks with positions that were moved to a limit, and those that were slowed down to keep one. */
  readonly clampedChunks: number;
  readonly slowedChunks: number;
  /** Trajectories sent to bring the robot to rest. */
  readonly holds: number;
  readonly clockJumps: number;
  readonly sources: readonly SourceReport[];
}

/** Counts and times everything that happens in a policy loop. */
export class LoopStatistics {
  readonly #sources: readonly {
    readonly name: string;
    readonly dropped: Tally;
    readonly arrivedMs: number[];
    received: number;
    problem: string | undefined;
  }[];
  readonly #skipped = new Tally();
  readonly #discarded = new Tally();
  readonly #faults = new Tally();
  readonly #lateness = new RollingTimes(KEPT_TIMES);
  readonly #delay = new RollingTimes(KEPT_TIMES);
  readonly #inference = new RollingTimes(KEPT_TIMES);
  readonly #observation = new RollingTimes(KEPT_TIMES);
  readonly #observationToPublish = new RollingTimes(KEPT_TIMES);
  readonly #tickToPublish = new RollingTimes(KEPT_TIMES);
  #ticks = 0;
  #ticksMissed = 0;
  #chunks = 0;
  #published = 0;
  #overruns = 0;
  #overBudget = 0;
  #lastLateMs = -Infinity;
  #clampedChunks = 0;
  #slowedChunks = 0;
  #holds = 0;
  #clockJumps = 0;

  constructor(sources: readonly string[]) {
    this.#sources = sources.map((name) => ({
      name,
      dropped: new Tally(),
      arrivedMs: [],
      received: 0,
      problem: undefined,
    }));
  }

  /** A message came, of use or not. @param steadyMs by a steady clock */
  received(source: number, steadyMs: number): void {
    const counts = this.#sources[source]!;
    counts.received++;
    counts.arrivedMs.push(steadyMs);
    while (counts.arrivedMs[0]! < steadyMs - RATE_WINDOW_MS) counts.arrivedMs.shift();
  }

  dropped(source: number, reason: string): void {
    this.#sources[source]!.dropped.add(reason);
  }

  problem(source: number, why: string): void {
    this.#sources[source]!.problem = why;
  }

  /** Why a source's last message of no use was of no use; undefined when there was none. */
  problemOf(source: number): string | undefined {
    return this.#sources[source]!.problem;
  }

  /** A control tick was observed. @param missed whether the next one was due already */
  tick(latenessMs: number, delayMs: number, missed: boolean): void {
    this.#ticks++;
    if (missed) this.#ticksMissed++;
    this.#lateness.add(latenessMs);
    this.#delay.add(delayMs);
  }

  skipped(reason: string): void {
    this.#skipped.add(reason);
  }

  /** A chunk was due while one was being made. @param steadyMs by a steady clock */
  overrun(steadyMs: number): void {
    this.#overruns++;
    this.#lastLateMs = steadyMs;
  }

  /** A chunk was made. @param budgetMs 0 = none @param steadyMs by a steady clock */
  made(latencyMs: number, observationMs: number, budgetMs: number, steadyMs: number): void {
    this.#chunks++;
    this.#inference.add(latencyMs);
    this.#observation.add(observationMs);
    if (budgetMs === 0 || latencyMs + observationMs <= budgetMs) return;
    this.#overBudget++;
    this.#lastLateMs = steadyMs;
  }

  discarded(reason: string): void {
    this.#discarded.add(reason);
  }

  published(observationToPublishMs: number, tickToPublishMs: number): void {
    this.#published++;
    this.#observationToPublish.add(observationToPublishMs);
    this.#tickToPublish.add(tickToPublishMs);
  }

  /** What it took to keep a chunk within the limits, see MotionVerdict. */
  intervened({ clamped, stretch }: { readonly clamped: number; readonly stretch: number }): void {
    if (clamped > 0) this.#clampedChunks++;
    if (stretch > 1) this.#slowedChunks++;
  }

  /** The motion was ended. @param kind the reason without what differs each time */
  fault(kind: string): void {
    this.#faults.add(kind);
  }

  held(): void {
    this.#holds++;
  }

  jumped(): void {
    this.#clockJumps++;
  }

  /** @param steadyMs now, by the steady clock of {@link received} */
  report(steadyMs: number): LoopReport {
    return {
      ticks: this.#ticks,
      ticksMissed: this.#ticksMissed,
      tickLateness: this.#lateness.quantiles(),
      tickDelay: this.#delay.quantiles(),
      chunks: this.#chunks,
      published: this.#published,
      inference: this.#inference.quantiles(),
      observation: this.#observation.quantiles(),
      observationToPublish: this.#observationToPublish.quantiles(),
      tickToPublish: this.#tickToPublish.quantiles(),
      overruns: this.#overruns,
      overBudget: this.#overBudget,
      lateRecently: steadyMs - this.#lastLateMs < NEWS_MS,
      skipped: this.#skipped.toRecord(),
      discarded: this.#discarded.toRecord(),
      faults: this.#faults.toRecord(),
      clampedChunks: this.#clampedChunks,
      slowedChunks: this.#slowedChunks,
      holds: this.#holds,
      clockJumps: this.#clockJumps,
      sources: this.#sources.map(({ name, received, dropped, problem, arrivedMs }) => ({
        name,
        rateHz: rateOf(arrivedMs, steadyMs),
        received,
        dropped: dropped.toRecord(),
        problem,
      })),
    };
  }
}

/** Arrivals per second within the last seconds. */
function rateOf(arrivedMs: readonly number[], nowMs: number): number {
  const recent = arrivedMs.filter((ms) => ms >= nowMs - RATE_WINDOW_MS);
  return (recent.length * 1000) / RATE_WINDOW_MS;
}
