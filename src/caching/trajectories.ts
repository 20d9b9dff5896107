/**
 * Dense denoising runs of many observations: what corrections are fitted on and plans are searched with. The
 * noise needs no room, it follows from a run's states.
 */
export interface Trajectories {
  /** N. */
  readonly samples: number;
  /** (N, To, Dc), encoded and normalised. */
  readonly condition: Float32Array;
  /** (N): samples of one episode are either all fitted on or all held out. */
  readonly episodes: Int32Array;
  /** (N): samples of the same number differ in their noise alone. */
  readonly observations: Int32Array;
  /** K + 1 of (N, T, A): the sample before every denoising step, and the final one. */
  readonly states: readonly Float32Array[];
  /** K of (N, T, A): the clean sample that every step predicts, clipped. */
  readonly clean: readonly Float32Array[];
}

/** Some of the runs, in the order of `rows`. */
export function selectTrajectories(
  { condition, episodes, observations, states, clean, samples }: Trajectories,
  rows: readonly number[],
): Trajectories {
  const select = (values: Float32Array): Float32Array => {
    const size = values.length / samples;
    const selected = new Float32Array(rows.length * size);
    for (const [i, row] of rows.entries()) {
      selected.set(values.subarray(row * size, (row + 1) * size), i * size);
    }
    return selected;
  };
  return {
    samples: rows.length,
    condition: select(condition),
    episodes: Int32Array.from(rows, (row) => episodes[row]!),
    observations: Int32Array.from(rows, (row) => observations[row]!),
    states: states.map(select),
    clean: clean.map(select),
  };
}
