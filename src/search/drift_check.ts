import type { Calibration } from '../caching/calibration.js';
import type { Certificate } from '../caching/certificate.js';
import { driftDistance, type DriftReference } from '../control/drift_distance.js';
import { driftReference } from '../control/drift_reference.js';
import { type EpisodeThumbnails, pictureDistance } from '../control/picture_reference.js';
import type { Folds } from './ridge_rows.js';

/**
 * What drift is judged by, made of the episodes that were fitted on alone: held-out ones then tell how often it
 * raises although all is as usual.
 */
export function driftCheck(
  { trajectories, pictures = new Map() }: Calibration,
  folds: Folds,
): { readonly reference: DriftReference; readonly heldOut: Certificate['drift'] } {
  const { condition, episodes, samples } = trajectories!;
  const width = condition.length / samples;
  const at = (row: number): Float32Array => condition.subarray(row * width, (row + 1) * width);
  const rows = [...folds.of.keys()];
  const fitted = rows.filter((row) => folds.of[row]! >= 0);
  const others = rows.filter((row) => folds.of[row]! < 0);
  const heldOut = new Set(others.map((row) => episodes[row]!));
  const conditions = new Float32Array(fitted.length * width);
  for (const [i, row] of fitted.entries()) conditions.set(at(row), i * width);
  const usual = parted(pictures, (episode) => !heldOut.has(episode));
  const reference = driftReference(
    conditions,
    fitted.map((row) => episodes[row]!),
    usual,
  );
  if (others.length === 0) return { reference, heldOut: null };
  const beyond = others.filter((row) => driftDistance(reference, at(row)).distance > 1).length;
  const cameras = [...parted(pictures, (episode) => heldOut.has(episode))].flatMap(
    ([name, { thumbnails }]) => {
      const usually = reference.pictures.get(name);
      if (!usually) return [];
      const changed = thumbnails.filter((one) => pictureDistance(usually, one) > 1).length;
      return [[name, { seen: thumbnails.length, beyond: changed / thumbnails.length }] as const];
    },
  );
  return {
    reference,
    heldOut: {
      observations: others.length,
      beyond: beyond / others.length,
      pictures: Object.fromEntries(cameras),
    },
  };
}

/** Pictures of some episodes; cameras without any are left out. */
function parted(
  pictures: ReadonlyMap<string, EpisodeThumbnails>,
  isOf: (episode: number) => boolean,
): Map<string, EpisodeThumbnails> {
  const parts = [...pictures].map(([name, { thumbnails, episodes }]) => {
    const kept = [...thumbnails.keys()].filter((i) => isOf(episodes[i]!));
    return [
      name,
      { thumbnails: kept.map((i) => thumbnails[i]!), episodes: kept.map((i) => episodes[i]!) },
    ] as const;
  });
  return new Map(parts.filter(([, { thumbnails }]) => thumbnails.length > 0));
}
