/** What a batch of N samples starts from: conditions and all the noise of the denoising loop. */
export interface DenoisingInputs {
  /** N. */
  readonly samples: number;
  /** (N, To, Dc), encoded and normalised. */
  readonly condition: Float32Array;
  /** (N, T, A). */
  readonly initialNoise: Float32Array;
  /** (K, N, T, A); entry t is added at timestep t. */
  readonly stepNoise: Float32Array;
}

/** `wanted` indices spread evenly over 0..available-1, each in the middle of its share; all if there are fewer. */
export function spreadEvenly(available: number, wanted: number): number[] {
  const count = Math.min(available, wanted);
  return Array.from({ length: count }, (_, i) => Math.floor(((i + 0.5) * available) / count));
}

/** The chosen samples, in the order of `indices`. @param steps K */
export function selectSamples(
  inputs: DenoisingInputs,
  indices: readonly number[],
  steps: number,
): DenoisingInputs {
  const { samples } = inputs;
  return {
    samples: indices.length,
    condition: gather(inputs.condition, samples, indices, 1),
    initialNoise: gather(inputs.initialNoise, samples, indices, 1),
    stepNoise: gather(inputs.stepNoise, samples, indices, steps),
  };
}

/** Picks along the second axis of (outer, samples, rest). */
function gather(
  values: Float32Array,
  samples: number,
  indices: readonly number[],
  outer: number,
): Float32Array {
  const size = values.length / samples / outer;
  const picked = new Float32Array(outer * indices.length * size);
  for (let o = 0; o < outer; o++) {
    for (const [i, index] of indices.entries()) {
      const from = (o * samples + index) * size;
      picked.set(values.subarray(from, from + size), (o * indices.length + i) * size);
    }
  }
  return picked;
}
