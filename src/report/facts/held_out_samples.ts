import type { Certificate } from '../../caching/certificate.js';
import type { SourceFacts } from './report_facts.js';

/** Observations by the files and episodes they are from. */
export interface ObservedEpisodes {
  readonly sources: readonly SourceFacts[];
  /** (N) */
  readonly episodes: ArrayLike<number>;
}

/**
 * The observations that no plan was calibrated on, as far as certificates tell: all, where they are from other
 * files; of the same files, those of other episodes.
 * @returns indices; all of them where nothing would be left
 */
export function heldOutSamples(
  { sources, episodes }: ObservedEpisodes,
  certificates: readonly Certificate[],
): number[] {
  const files = new Set(sources.map(({ sha256 }) => sha256));
  const calibrated = new Set(
    certificates.flatMap((each) =>
      each.sources.some(({ sha256 }) => files.has(sha256)) ? each.calibration.episodes : [],
    ),
  );
  const all = Array.from({ length: episodes.length }, (_, i) => i);
  const left = all.filter((i) => !calibrated.has(episodes[i]!));
  return left.length > 0 ? left : all;
}
