import { quantileSeq } from 'mathjs/number';
import { readDriftReference } from '../../control/drift_constants.js';
import { driftDistance } from '../../control/drift_distance.js';
import type { PlanConstants } from '../../policy/plan_file.js';
import type { DriftFacts } from './report_facts.js';

/**
 * How the observations of a report look to the drift monitor of a plan; null for a plan without one.
 * @param condition (N, To, Dc)
 * @param samples N
 */
export function driftFacts(
  constants: PlanConstants,
  condition: Float32Array,
  samples: number,
  where: string,
): DriftFacts | null {
  const width = condition.length / samples;
  const reference = readDriftReference(constants, width, where);
  if (!reference) return null;
  const distances = Array.from(
    { length: samples },
    (_, i) => driftDistance(reference, condition.subarray(i * width, (i + 1) * width)).distance,
  );
  const [nearest, range, both] = Array.from(reference.thresholds) as [number, number, number];
  return {
    thresholds: { nearest, range, both },
    beyond: distances.filter((distance) => distance > 1).length / samples,
    median: Number(quantileSeq([...distances], 0.5)),
    max: Math.max(...distances),
  };
}
