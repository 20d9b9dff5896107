import type { BatchedNetwork } from '../inference/batched_network.js';
import type { DenoisingInputs } from '../caching/denoising_inputs.js';
import type { Trajectories } from '../caching/trajectories.js';
import type { PolicyManifest } from '../policy/manifest.js';
import { type DenoisingStep, denoisingSteps } from '../policy/noise_schedule.js';

/** Clipped clean sample of a step. @param output of the network, as many values as x */
export function cleanOf(
  { p, q }: DenoisingStep,
  clipRange: number | null,
  x: Float32Array,
  output: Float32Array,
): Float32Array {
  const limit = clipRange ?? Infinity;
  return x.map((value, i) => Math.max(-limit, Math.min(limit, p * value + q * output[i]!)));
}

/** Runs the dense policy on all samples, batch by batch. @param onStep hears how many samples went a step on */
export async function recordTrajectories(
  network: BatchedNetwork,
  { noise_scheduler: scheduler }: PolicyManifest,
  inputs: DenoisingInputs,
  about: Pick<Trajectories, 'episodes' | 'observations'>,
  { onStep }: { readonly onStep?: (samples: number) => void } = {},
): Promise<Trajectories> {
  const steps = denoisingSteps(scheduler);
  const { samples } = inputs;
  const size = inputs.initialNoise.length / samples;
  const room = (count: number): Float32Array[] =>
    Array.from({ length: count }, () => new Float32Array(samples * size));
  const states = room(steps.length + 1);
  const clean = room(steps.length);
  for (let first = 0; first < samples; first += network.batch) {
    const count = Math.min(network.batch, samples - first);
    const rows = Array.from({ length: count }, (_, i) => first + i);
    let x = inputs.initialNoise.slice(first * size, (first + count) * size);
    states[0]!.set(x, first * size);
    for (const [k, step] of steps.entries()) {
      const output = await network.evaluate(rows, step.timestep, x);
      const v = cleanOf(step, scheduler.clip_range, x, output);
      const noise = ((steps.length - 1 - k) * samples + first) * size;
      const { p, q, c0, c1, c2, sigma } = step;
      x = x.map(
        (value, i) =>
          c0 * v[i]! +
          c1 * value +
          c2 * (p * value + q * output[i]!) +
          sigma * inputs.stepNoise[noise + i]!,
      );
      clean[k]!.set(v, first * size);
      states[k + 1]!.set(x, first * size);
      onStep?.(count);
    }
  }
  return { samples, condition: inputs.condition, ...about, states, clean };
}
