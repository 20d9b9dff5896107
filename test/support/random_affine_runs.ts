import type { AffineRun } from '../../src/caching/affine_run.js';
import type { PolicyPackage } from '../../src/policy/policy_package.js';
import { normals as seededNormals } from './seeded_random.js';

/** Affine runs with random constants that keep samples at about their size. */
export function randomAffineRuns(
  { manifest }: PolicyPackage,
  evaluations: readonly number[],
  options: { readonly previous: boolean; readonly noiseSteps: number },
): AffineRun[] {
  const { architecture: a, noise_scheduler: scheduler } = manifest;
  const size = a.horizon * a.action_dim;
  let seed = 11;
  const normals = (count: number): Float32Array =>
    seededNormals(seed++, count).map((value) => value / Math.sqrt(4 * size));
  return evaluations.map((begin, i) => {
    const end = evaluations[i + 1] ?? scheduler.steps;
    const kept = Math.min(options.noiseSteps, end - begin);
    return {
      begin,
      end,
      state: normals(size * size),
      clean: normals(size * size),
      condition: normals(a.n_obs_steps * a.condition_dim * size),
      offset: normals(size),
      noise: normals(kept * size * size),
      ...(options.previous &&
        i > 0 && { previousState: normals(size * size), previousClean: normals(size * size) }),
    };
  });
}
