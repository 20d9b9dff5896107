import type { Targets } from './plan_motion.js';

/**
 * How a new chunk goes on from those before it, where they say something of the same time. One that was denoised to go
 * on from them (`rtc`) takes their place.
 */
export type JoinMode = 'replace' | 'blend' | 'ensemble' | 'rtc';

/** The actions of a chunk: where the joints shall be at the end of each control period after a tick. */
export interface ChunkTargets {
  readonly tickNs: bigint;
  readonly periodNs: bigint;
  /** Row j is meant for (j + 1) periods after the tick; rad or m. */
  readonly rows: readonly (readonly number[])[];
}

/** Chunks that an ensemble averages at most. */
const MOST_KEPT = 16;
/** ACT's weight of the i-th oldest prediction is exp(-i times this) (arXiv 2304.13705, algorithm 2). */
const ENSEMBLE_DECAY = 0.01;
/** A target nearer to the start than this share of a period cannot be met smoothly and is left out. */
const NEAREST = 0.25;

/** What the chunks so far say of the time to come. Every action is taken for the time it is meant for. */
export class JoinedTargets {
  #chunks: ChunkTargets[] = [];

  /** Forgets all chunks: the next one stands alone. */
  clear(): void {
    this.#chunks = [];
  }

  /**
   * Takes a chunk.
   * @param startNs from when on its actions can be executed
   * @returns the targets from then on; undefined when all actions are past, and the chunk is forgotten
   */
  join(chunk: ChunkTargets, startNs: bigint, mode: JoinMode): Targets | undefined {
    const { tickNs, periodNs, rows } = chunk;
    const first = firstInTime(startNs - tickNs, periodNs);
    if (first >= rows.length) return undefined;
    const before = this.#chunks;
    const ahead = rows.slice(first).map((row, i) => ({
      row,
      older: before.flatMap((old) => rowsAt(old, timeOf(chunk, first + i))),
    }));
    const joined =
      mode === 'replace' || mode === 'rtc' ? ahead.map(({ row }) => row) : JOIN[mode](ahead);
    // The next one meets what is executed: a blend of a blend, but for an ensemble every chunk as it was.
    const kept = [...rows.slice(0, first), ...(mode === 'ensemble' ? rows.slice(first) : joined)];
    this.#chunks = [
      ...(mode === 'ensemble' ? before.slice(1 - MOST_KEPT) : []),
      { tickNs, periodNs, rows: kept },
    ];
    const firstS = Number(timeOf(chunk, first) - startNs) / 1e9;
    return { firstS, spacingS: Number(periodNs) / 1e9, rows: joined };
  }
}

/** The first row of a chunk that can be executed when its execution begins so long after its tick. */
export function firstInTime(delayNs: bigint, periodNs: bigint): number {
  return Math.max(0, Math.ceil(Number(delayNs) / Number(periodNs) + NEAREST) - 1);
}

interface Ahead {
  readonly row: readonly number[];
  /** What chunks before it say of the same time, the oldest first. */
  readonly older: readonly (readonly number[])[];
}

const JOIN = {
  /** From the old chunk to the new one, along the time of which both speak. */
  blend(ahead: readonly Ahead[]): number[][] {
    const overlap = ahead.filter(({ older }) => older.length > 0).length;
    return ahead.map(({ row, older }, i) => {
      const share = Math.min(1, (i + 1) / (overlap + 1));
      const old = older.at(-1) ?? row;
      return row.map((position, joint) => (1 - share) * old[joint]! + share * position);
    });
  },

  /** The weighted mean of all chunks. */
  ensemble(ahead: readonly Ahead[]): number[][] {
    return ahead.map(({ row, older }) => {
      const all = [...older, row];
      const weights = all.map((_, i) => Math.exp(-ENSEMBLE_DECAY * i));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      return row.map((_, joint) =>
        all.reduce((sum, one, i) => sum + (weights[i]! / total) * one[joint]!, 0),
      );
    });
  },
};

function timeOf({ tickNs, periodNs }: ChunkTargets, row: number): bigint {
  return tickNs + BigInt(row + 1) * periodNs;
}

/** What a chunk says of a time, at most one row. Ticks may be rounded. */
function rowsAt(chunk: ChunkTargets, timeNs: bigint): readonly (readonly number[])[] {
  const row = Math.round(Number(timeNs - chunk.tickNs) / Number(chunk.periodNs)) - 1;
  return row < 0 ? [] : chunk.rows.slice(row, row + 1);
}
