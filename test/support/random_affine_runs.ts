import type { AffineRun } from '../../src/caching/affine_run.js';
import { askedAt, lookAheadWeights } from '../../src/caching/look_ahead.js';
import { denoisingSteps } from '../../src/policy/noise_schedule.js';
import type { PolicyPackage } from '../../src/policy/policy_package.js';
import { normals as seededNormals } from './seeded_random.js';

/** Affine runs with random constants that keep samples at about their size. */
export function randomAffineRuns(
  { manifest }: PolicyPackage,
  evaluations: readonly number[],
  options: {
    readonly lookAhead: boolean;
    readonly noiseSteps: number;
    /** Every run after the first depends on the evaluation before. */
    readonly previous?: boolean;
  },
): AffineRun[] {
  const { architecture: a, noise_scheduler: scheduler } = manifest;
  const size = a.horizon * a.action_dim;
  const steps = denoisingSteps(scheduler);
  let seed = 11;
  const normals = (count: number): Float32Array =>
    seededNormals(seed++, count).map((value) => value / Math.sqrt(4 * size));
  return evaluations.map((begin, i) => {
    const end = evaluations[i + 1] ?? scheduler.steps;
    const weights = lookAheadWeights(steps, begin, end, { strength: 0.7, fall: 0.5 });
    const kept = Math.min(options.noiseSteps, end - begin);
    return {
      begin,
      end,
      state: normals(size * size),
      clean: normals(size * size),
      condition: normals(a.n_obs_steps * a.condition_dim * size),
      offset: normals(size),
      noise: normals(kept * size * size),
      ...(options.lookAhead && {
        lookAhead: { weights, asked: normals(size * size), ...askedAt(steps, begin, weights) },
      }),
      ...(options.previous &&
        i > 0 && {
          previous: {
            state: normals(size * size),
            clean: normals(size * size),
            ...(options.lookAhead && { asked: normals(size * size) }),
          },
        }),
    };
  });
}
