import { blocksOf } from '../../src/caching/blocks.js';
import type { Calibration } from '../../src/caching/calibration.js';
import { FeatureStatistics } from '../../src/caching/feature_statistics.js';

/** Digest of a policy that does not exist. */
export const POLICY = 'ab'.repeat(32);

/** Features of every block that drift at changing speed, (blocks)(K) arrays of `length`; deterministic. */
export function randomFeatures(
  layers: number,
  steps: number,
  length: number,
  seed: number,
): Float32Array[][] {
  let state = seed >>> 0;
  const random = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32 - 0.5;
  };
  return blocksOf(layers).map(() => {
    const size = 0.2 + Math.abs(random());
    let current = Float32Array.from({ length }, random);
    return Array.from({ length: steps }, () => {
      const speed = size * random() ** 2;
      current = current.map((value) => value + speed * random());
      return current;
    });
  });
}

/** A calibration of features, as `calibrate` makes it. */
export function calibrationOf(features: readonly (readonly Float32Array[])[]): Calibration {
  const steps = features[0]!.length;
  return {
    policySha256: POLICY,
    steps,
    solver: 'ddpm',
    samples: 1,
    seed: 0,
    sources: [{ name: 'random', sha256: POLICY }],
    blocks: blocksOf(features.length / 3).map((block, i) => {
      const statistics = new FeatureStatistics(steps);
      statistics.add(features[i]!);
      return { block, statistics: statistics.result() };
    }),
  };
}
