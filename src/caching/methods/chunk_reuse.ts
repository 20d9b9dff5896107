import { z } from 'zod';
import { BadInput } from '../../errors.js';
import { noiseSpreadOf } from '../noise_spread_of.js';
import { rmsDifference } from '../rms_difference.js';
import type { Trajectories } from '../trajectories.js';
import { basePlan } from './base_plan.js';
import { featuresOf, targetOf } from './context.js';
import { densePlan } from './dense.js';
import { defineMethod } from './method.js';

/** Two chunks for one observation differ by noise alone: a refresh agrees within so many times that. */
const NOISE = 1.5;

/** `chunk-reuse`. */
export const chunkReuse = defineMethod({
  name: 'chunk-reuse',
  summary:
    'the chunk computed last is given again while the observation stays near its own, and checked now and then',
  paper: {
    title:
      'Accelerating Deep Learning Classification with Error-controlled Approximate-key Caching',
    arxiv: '2112.06671',
  },
  decisions: 'online',
  needs: ['features'],
  options: z.strictObject({
    share: z.coerce
      .number()
      .gt(0)
      .lt(1)
      .default(0.5)
      .describe('of neighbouring calibration observations that are near enough to share a chunk'),
    longest: z.coerce
      .number()
      .int()
      .positive()
      .default(4)
      .describe('times in a row that a chunk is given again, at most'),
  }),
  make(context, { share, longest }) {
    const { trajectories } = featuresOf(context, 'chunk-reuse');
    const distances = trajectories ? neighbourDistances(trajectories) : [];
    const runs = [...(trajectories?.observations.keys() ?? [])];
    const spread = trajectories && noiseSpreadOf(context.manifest, trajectories, runs);
    if (distances.length === 0 || !spread) {
      throw new BadInput(
        'has no dense runs of neighbouring observations, or none with other noise',
        '--calibration',
        'make it with bac-policy calibrate, --trajectories 16 or more',
      );
    }
    const distance = distances[Math.ceil(share * distances.length) - 1]!;
    const { plan, constants } = context.base
      ? basePlan(context, 'chunk-reuse', undefined, { share, longest })
      : {
          plan: {
            ...densePlan(targetOf(context)),
            method: { name: 'chunk-reuse', share, longest },
          },
          constants: new Map(),
        };
    if (plan.decision) {
      throw new BadInput(`decides already (${plan.decision.kind})`, '--base', 'take another plan');
    }
    const tolerance = NOISE * spread.difference;
    const decision = { kind: 'chunk-reuse' as const, distance, tolerance, longest };
    return { plan: { ...plan, decision }, constants };
  },
});

/** RMS differences of the conditions of neighbouring observations of an episode, ascending. */
function neighbourDistances({
  condition,
  observations,
  episodes,
  samples,
}: Trajectories): number[] {
  const size = condition.length / samples;
  const rows = [...observations.keys()]
    .filter((row) => observations.indexOf(observations[row]!) === row)
    .sort((a, b) => observations[a]! - observations[b]!);
  const at = (row: number): Float32Array => condition.subarray(row * size, (row + 1) * size);
  return rows
    .flatMap((row, i) => {
      const next = rows[i + 1];
      const together = next !== undefined && episodes[next] === episodes[row];
      return together ? [rmsDifference(at(row), at(next))] : [];
    })
    .sort((a, b) => a - b);
}
