import { quantileSeq } from 'mathjs/number';
import { readDriftReference } from '../../control/drift_constants.js';
import { driftDistance, type DriftReference } from '../../control/drift_distance.js';
import { DriftMonitor } from '../../control/drift_monitor.js';
import { type EpisodeThumbnails, pictureDistance } from '../../control/picture_reference.js';
import type { PlanConstants } from '../../policy/plan_file.js';
import type { DriftFacts } from './report_facts.js';

/** Conditions in the order they were recorded. */
export interface ObservedConditions {
  /** (N, To, Dc) */
  readonly condition: Float32Array;
  /** (N) */
  readonly episodes: ArrayLike<number>;
  /** Of every camera, by the name of its input. */
  readonly pictures?: ReadonlyMap<string, EpisodeThumbnails>;
}

/** How observations look to the drift monitor of a plan; null for a plan without one. */
export function driftFacts(
  constants: PlanConstants,
  { condition, episodes, pictures = new Map() }: ObservedConditions,
  where: string,
): DriftFacts | null {
  const width = condition.length / episodes.length;
  const reference = readDriftReference(constants, width, where);
  if (!reference) return null;
  const conditions = Array.from({ length: episodes.length }, (_, i) =>
    condition.subarray(i * width, (i + 1) * width),
  );
  const distances = conditions.map((each) => driftDistance(reference, each).distance);
  const [nearest, range, both] = Array.from(reference.thresholds) as [number, number, number];
  return {
    thresholds: { nearest, range, both },
    observations: distances.length,
    // What is not a number is like nothing in calibration.
    beyond: distances.filter((distance) => !(distance <= 1)).length / distances.length,
    raised: raised(reference, conditions, episodes),
    cameras: Object.fromEntries(camerasBeyond(reference, pictures)),
    median: Number(quantileSeq([...distances], 0.5)),
    max: Math.max(...distances),
  };
}

/** Per camera that the reference knows, how many pictures there are and what share of them has changed. */
function camerasBeyond(
  reference: DriftReference,
  pictures: ReadonlyMap<string, EpisodeThumbnails>,
): [string, { seen: number; beyond: number }][] {
  return [...reference.pictures].flatMap(([name, usual]) => {
    const thumbnails = pictures.get(name)?.thumbnails ?? [];
    if (thumbnails.length === 0) return [];
    const beyond = thumbnails.filter((one) => !(pictureDistance(usual, one) <= 1)).length;
    return [[name, { seen: thumbnails.length, beyond: beyond / thumbnails.length }]];
  });
}

/** Share of the observations at which a monitor that begins anew with every episode says `drift`. */
function raised(
  reference: DriftReference,
  conditions: readonly Float32Array[],
  episodes: ArrayLike<number>,
): number {
  // Observations of episodes that went on side by side take turns.
  const monitors = new Map<number, DriftMonitor>();
  let count = 0;
  for (const [i, condition] of conditions.entries()) {
    const monitor = monitors.get(episodes[i]!) ?? new DriftMonitor(reference);
    monitors.set(episodes[i]!, monitor);
    if (monitor.observe(condition) === 'drift') count++;
  }
  return count / conditions.length;
}
