import { type Inpainting, softWeight } from '../../policy/inpainting.js';
import type { Architecture } from '../../policy/manifest.js';
import { firstInTime } from './joined_targets.js';

interface Executed {
  /** (T, A), normalised. */
  readonly sample: Float32Array;
  readonly tickNs: bigint;
}

/**
 * What is known of the next chunk from the one that is being executed: real-time chunking. Rows that will be executed
 * before the next chunk is there are fixed, those after them are the less binding the further ahead they are.
 */
export class KnownRows {
  #executed: Executed | undefined;

  /** The motion goes by this chunk now. */
  execute(executed: Executed): void {
    this.#executed = executed;
  }

  /** The next chunk stands alone. */
  forget(): void {
    this.#executed = undefined;
  }

  /**
   * @param tickNs of the next chunk
   * @param delayNs from its tick to the first of its actions that can be executed
   * @returns undefined where nothing is known, or the actions of the chunk before will be over
   */
  of(
    architecture: Architecture,
    { tickNs, periodNs, delayNs }: Record<'tickNs' | 'periodNs' | 'delayNs', bigint>,
  ): Inpainting | undefined {
    if (!this.#executed) return undefined;
    const {
      horizon,
      action_dim: actions,
      first_action_step: first,
      n_action_steps: executed,
    } = architecture;
    const { sample, tickNs: before } = this.#executed;
    const passed = Math.round(Number(tickNs - before) / Number(periodNs));
    const known = horizon - passed;
    if (passed < 0 || known <= 0) return undefined;
    const fixed = first + firstInTime(delayNs, periodNs);
    // A robot that stands before the next chunk is there does not go on from anything.
    if (passed + fixed > first + executed) return undefined;
    const rows = new Float32Array(horizon * actions);
    rows.set(sample.subarray(passed * actions));
    return { known: rows, weight: softWeight(architecture, fixed, known) };
  }
}
