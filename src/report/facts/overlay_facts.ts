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
 * @param dense (2N, Ta, A): N observations from one noise, then from another; so are the plans'
 * @param samples N
 * @param width A
 */
export function overlayFacts(
  dense: Float32Array,
  plans: readonly NamedActions[],
  samples: number,
  width: number,
): OverlayFacts[] {
  const [judged] = plans;
  if (!judged) return [];
  const size = dense.length / samples / 2;
  const errors = Array.from({ length: samples }, (_, i) => {
    let sum = 0;
    for (let j = i * size; j < (i + 1) * size; j++) sum += (judged.actions[j]! - dense[j]!) ** 2;
    return { observation: i, error: sum };
  }).sort((a, b) => a.error - b.error);
  const lines = [
    { name: 'dense, other noise', actions: dense.subarray(samples * size) },
    { name: 'dense', actions: dense },
    ...plans,
  ];
  return PLACES.map(([what, place]) => {
    const { observation } = errors[Math.round(place * (samples - 1))]!;
    return {
      what: `Observation with ${what} of ${judged.name}`,
      observation,
      lines: lines.map(({ name, actions }) => ({
        name,
        actions: Array.from({ length: size / width }, (_, step) => {
          const from = observation * size + step * width;
          return Array.from(actions.subarray(from, from + width));
        }),
      })),
    };
  });
}
