import type { DriftLevel } from '../control/drift_monitor.js';
import type { SourceCounts } from '../control/observation_window.js';

/** Times of chunks, ms. */
export interface Latency {
  readonly median: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
  /** Chunks at the start that are left out: they also pay for caches that are still cold. */
  readonly warm_up_excluded: number;
}

/** Distances are in units of what 9 of 10 episodes in calibration stay within all along. */
export interface ReplayDrift {
  /** After the last chunk, as the node would report it. */
  readonly level: DriftLevel;
  /** Chunks beyond that unit, and their share of all. */
  readonly beyond: number;
  readonly share: number;
  /** Of the last thousand chunks. */
  readonly distance: { readonly p50: number; readonly max: number };
  /** The value that was out of its range last; null where none was. */
  readonly out_of_range: string | null;
  /** Times that the level became `drift`. */
  readonly drifts: number;
}

/** What `statistics.json` beside a replayed bag says. */
export interface ReplayStatistics {
  readonly format: 'bac_policy/replay_statistics@1';
  readonly bag: string;
  readonly policy_sha256: string;
  /** Null for the dense policy. */
  readonly plan_sha256: string | null;
  readonly seed: number;
  readonly rate_hz: number;
  readonly max_age_ms: number;
  readonly chunks: number;
  readonly episodes: number;
  /** Control ticks at which all sources were known. */
  readonly control_ticks: number;
  /** Of the denoiser. */
  readonly latency_ms: Latency | null;
  /** Of assembling an observation, pictures encoded included. */
  readonly observation_ms: Latency | null;
  /** Chunks made in less than the time their actions last. */
  readonly in_time: number;
  /** Control ticks at which a chunk was due and none was made, by reason. */
  readonly ticks_without_chunk: Readonly<Record<string, number>>;
  /** Ends of episodes other than the end of the bag, by reason. */
  readonly episodes_ended: Readonly<Record<string, number>>;
  /** How observations compare to those that the plan was calibrated on; absent where it does not say. */
  readonly drift?: ReplayDrift;
  readonly sources: readonly ({ name: string; topic: string } & SourceCounts)[];
  /** What was wrong with the bag. */
  readonly warnings: readonly string[];
}

const WARM_UP_CHUNKS = 2;

/** Quantiles of times, ms, without the first ones where enough are left. */
export async function latencyOf(times: readonly number[]): Promise<Latency | null> {
  if (times.length === 0) return null;
  // Loading it takes longer than most commands run.
  const { quantileSeq } = await import('mathjs/number');
  const excluded = times.length > 2 * WARM_UP_CHUNKS ? WARM_UP_CHUNKS : 0;
  const [median, p90, p99, max] = quantileSeq(times.slice(excluded), [0.5, 0.9, 0.99, 1]) as [
    number,
    number,
    number,
    number,
  ];
  return { median, p90, p99, max, warm_up_excluded: excluded };
}
