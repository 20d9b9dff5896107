import type { Trajectories } from '../caching/trajectories.js';
import type { ChunkNoise } from '../inference/policy_runner.js';
import { denoisingSteps } from '../policy/noise_schedule.js';
import type { PolicyPackage } from '../policy/policy_package.js';

/** Dense runs one by one: what they saw, from which noise, and what came of it. */
export class DenseRuns {
  readonly #policy: PolicyPackage;
  readonly #trajectories: Trajectories;

  constructor(policy: PolicyPackage, trajectories: Trajectories) {
    this.#policy = policy;
    this.#trajectories = trajectories;
  }

  /** (To, Dc) */
  condition(row: number): Float32Array {
    return this.#of(this.#trajectories.condition, row);
  }

  /** (T, A), normalised. */
  sample(row: number): Float32Array {
    return this.#of(this.#trajectories.states.at(-1)!, row);
  }

  /** Out of the run's states. */
  noise(row: number): ChunkNoise {
    const { states, clean } = this.#trajectories;
    const initial = this.#of(states[0]!, row);
    const schedule = denoisingSteps(this.#policy.manifest.noise_scheduler);
    const steps = new Float32Array(schedule.length * initial.length);
    for (const [k, { c0, c1, sigma }] of schedule.entries()) {
      if (sigma === 0) continue;
      const [before, after, predicted] = [states[k]!, states[k + 1]!, clean[k]!].map((values) =>
        this.#of(values, row),
      ) as [Float32Array, Float32Array, Float32Array];
      const at = (schedule.length - 1 - k) * initial.length;
      for (const [i, value] of after.entries()) {
        steps[at + i] = (value - c0 * predicted[i]! - c1 * before[i]!) / sigma;
      }
    }
    return { initial, steps };
  }

  #of(values: Float32Array, row: number): Float32Array {
    const size = values.length / this.#trajectories.samples;
    return values.subarray(row * size, (row + 1) * size);
  }
}
