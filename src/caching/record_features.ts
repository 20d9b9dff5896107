import { selectSamples, type DenoisingInputs } from './denoising_inputs.js';
import { FeatureStatistics, type BlockStatistics } from './feature_statistics.js';

/** Runs the dense policy on a batch and hands over every branch output as it is computed. */
export type RunDense = (
  request: DenoisingInputs & {
    /**
     * Called for every denoising step and every block in canonical order; `branch` is (N, T, E), never written
     * to again.
     */
    readonly onBranch: (step: number, block: number, branch: Float32Array) => void;
  },
) => Promise<unknown>;

/** Options of {@link recordFeatures}. */
export interface RecordingOptions {
  /** K. */
  readonly steps: number;
  /** Blocks of the policy, 3L. */
  readonly blocks: number;
  /** Samples run at once: 3L * K * T * E floats of each are held until the batch is done. */
  readonly batch: number;
  /** Called after each denoising step of a batch with the number of its samples. */
  readonly onStep?: (samples: number) => void;
  /** Receives the raw features of one batch: of one block, K arrays (n, T, E), n samples from `first` on. */
  readonly onFeatures?: (
    block: number,
    first: number,
    features: readonly Float32Array[],
  ) => Promise<void>;
}

/**
 * Runs the dense policy on all samples, batch by batch, and accumulates the statistics of every block's
 * features; memory holds the features of one batch.
 * @returns per block, in canonical order
 * @throws Error when the run left out a branch output
 */
export async function recordFeatures(
  run: RunDense,
  inputs: DenoisingInputs,
  { steps, blocks, batch, onStep, onFeatures }: RecordingOptions,
): Promise<BlockStatistics[]> {
  const statistics = Array.from({ length: blocks }, () => new FeatureStatistics(steps));
  for (let first = 0; first < inputs.samples; first += batch) {
    const samples = Math.min(batch, inputs.samples - first);
    const features = Array.from({ length: blocks }, (): Float32Array[] => []);
    await run({
      ...selectSamples(
        inputs,
        Array.from({ length: samples }, (_, i) => first + i),
        steps,
      ),
      onBranch: (step, block, branch) => {
        features[block]![step] = branch;
        if (block === blocks - 1) onStep?.(samples);
      },
    });
    for (let block = 0; block < blocks; block++) {
      statistics[block]!.add(features[block]!);
      await onFeatures?.(block, first, features[block]!);
      // Let go of it now: the next batch allocates as much again.
      features[block] = [];
    }
  }
  return statistics.map((block) => block.result());
}
