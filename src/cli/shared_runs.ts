import type { MadePlan } from '../caching/methods/method.js';
import type {
  ComputedBlock,
  NetworkOutput,
  RunListener,
  RunOnCalibration,
} from '../caching/methods/run_on_calibration.js';
import type { PolicyManifest } from '../policy/manifest.js';

/** Someone who waits for a dense run. */
interface Waiting {
  readonly listener: RunListener;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Runs on calibration observations one after the other. Dense runs that are asked for while another run goes on, or
 * at the same time, are one: methods that make their plans side by side learn from it together.
 */
export class SharedRuns implements RunOnCalibration {
  readonly #runs: RunOnCalibration;
  readonly #manifest: PolicyManifest;
  #last: Promise<void> = Promise.resolve();
  #waiting: Waiting[] = [];

  constructor(runs: RunOnCalibration, manifest: PolicyManifest) {
    this.#runs = runs;
    this.#manifest = manifest;
  }

  get samples(): number {
    return this.#runs.samples;
  }

  run(made: MadePlan | undefined, listener: RunListener): Promise<void> {
    if (made && !isDense(made, this.#manifest)) {
      return this.inTurn(() => this.#runs.run(made, listener));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ listener, resolve, reject });
      if (this.#waiting.length > 1) return;
      // Whoever asks before it begins takes part.
      this.inTurn(() => this.#runDense()).catch(() => undefined);
    });
  }

  /** Does something when what was asked for before is done. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(() => new Promise(setImmediate)).then(work);
    this.#last = done.then(
      () => undefined,
      () => undefined,
    );
    return done;
  }

  async #runDense(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    try {
      await this.#runs.run(undefined, {
        onBlock: (event: ComputedBlock) => {
          for (const { listener } of waiting) listener.onBlock?.(event);
        },
        onOutput: (event: NetworkOutput) => {
          for (const { listener } of waiting) listener.onOutput?.(event);
        },
      });
      for (const { resolve } of waiting) resolve();
    } catch (error) {
      for (const { reject } of waiting) reject(error);
    }
  }
}

/** Whether a plan does what the policy does without one. */
function isDense(
  { plan: { steps, solver, numerics, correction, memory, decision, blocks } }: MadePlan,
  { noise_scheduler: scheduler }: PolicyManifest,
): boolean {
  return (
    steps === scheduler.steps &&
    solver.kind === scheduler.kind &&
    numerics.kind === 'fp32' &&
    !correction &&
    !memory &&
    !decision &&
    blocks.every(({ updates, tokens }) => updates.length === steps && !tokens)
  );
}
