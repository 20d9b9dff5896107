import type { OverlayFacts } from './report_facts.js';

/** Actions under a name: (N, Ta, A), physical. */
export interface NamedActions {
  readonly name: string;
  readonly actions: Float32Array;
}

/** Which chunks are shown, by their place in the order of errors. */
const PLACES = [
  ['the median error', 0.5],
  ['the largest error', 1],
] as const;

/**
 * Chunks of dense, of dense from other noise and of plans, one over the other, for the observations at which the
 * first plan has its median and its largest error.
 * @param samples N, observations; arrays may hold more
 * @param width A
 */
export function overlayFacts(
  dense: NamedActions,
  otherNoise: NamedActions,
  plans: readonly NamedActions[],
  samples: number,
  size: number,
  width: number,
): OverlayFacts[] {
  const [judged] = plans;
  if (!judged) return [];
  const errors = Array.from({ length: samples }, (_, i) => {
    let sum = 0;
    for (let j = i * size; j < (i + 1) * size; j++) {
      sum += (judged.actions[j]! - dense.actions[j]!) ** 2;
    }
    return { observation: i, error: sum };
  }).sort((a, b) => a.error - b.error);
  return PLACES.map(([what, place]) => {
    const { observation } = errors[Math.round(place * (samples - 1))]!;
    return {
      what: `Observation with ${what} of ${judged.name}`,
      observation,
      lines: [otherNoise, dense, ...plans].map(({ name, actions }) => ({
        name,
        actions: Array.from({ length: size / width }, (_, step) => {
          const from = observation * size + step * width;
          return Array.from(actions.subarray(from, from + width));
        }),
      })),
    };
  });
}
