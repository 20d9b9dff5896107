import { rmsDifference } from '../../caching/rms_difference.js';
import { quantileSeq } from 'mathjs/number';
import { messageOf } from '../../errors.js';
import type { ChunkRequest } from '../policy_runner.js';
import { InferenceWorker } from './inference_worker.js';
import type { LoadOptions } from './loaded_policy.js';
import type { WorkerChunk } from './worker_chunk.js';

/** What is told about chunks that were computed again by the dense policy. */
export interface DenseCheckReport {
  readonly checked: number;
  /** Chunks that were due and not computed again, because time or the thread was short. */
  readonly postponed: number;
  /** Checked chunks whose error exceeds what the plan's certificate says 99 of 100 stay below. */
  readonly beyond: number;
  /** Root mean square differences of the last checked chunks, physical units; null before the first. */
  readonly error: { readonly last: number; readonly p50: number; readonly max: number } | null;
  /** Why none is checked; undefined when all is well. */
  readonly problem: string | undefined;
}

/** Errors that quantiles are of. */
const KEPT = 1000;
/** Part of the time to the next chunk that a check may take. */
const SHARE_OF_TIME = 0.8;
/** By what the expected time shrinks with every chunk for which it was too long. */
const FADING = 0.95;

/**
 * Computes every Nth chunk again by the dense policy from the same observation and noise, in a thread of its
 * own beside the one that makes the chunks: what a plan's error is on the robot, not only in its certificate.
 * It takes the memory of a second policy, and a core while it computes.
 */
export class DenseCheck {
  readonly #every: number;
  readonly #start: typeof InferenceWorker.start;
  #worker: InferenceWorker | undefined;
  /** What a dense chunk is expected to take, ms; undefined while there is no dense policy. */
  #expectedMs: number | undefined;
  #waiting = 0;
  #busy = false;
  #closed = false;
  #checked = 0;
  #postponed = 0;
  #beyond = 0;
  #last = 0;
  readonly #errors: number[] = [];
  #problem: string | undefined = 'the dense policy is being loaded';

  /** @param every chunks from one check to the next, 1 or more */
  constructor(every: number, start: typeof InferenceWorker.start = InferenceWorker.start) {
    this.#every = every;
    this.#start = start;
  }

  /** Loads the dense policy. What goes wrong {@link report} says. @param options of the policy that acts */
  async load(options: LoadOptions): Promise<void> {
    const { policy, provider, providerFallback, threads, inpainting = false } = options;
    try {
      const worker = await this.#start({
        onCrash: (error) => {
          this.#expectedMs = undefined;
          this.#problem = messageOf(error);
        },
      });
      this.#worker = worker;
      if (this.#closed) return await worker.close();
      const { warmUp } = await worker.load({
        policy,
        provider,
        providerFallback,
        threads,
        inpainting,
        preset: 'dense',
      });
      this.#expectedMs = warmUp.medianMs;
      this.#problem = undefined;
    } catch (error) {
      this.#problem = `the dense policy cannot be loaded: ${messageOf(error)}`;
    }
  }

  /**
   * Takes a chunk that was just made, and checks it if one is due and there is time.
   * @param leftMs time until the next chunk is made
   * @param certifiedError of the plan that made it, see `LoadedPolicy`
   */
  async consider(
    { condition, action }: Pick<WorkerChunk, 'condition' | 'action'>,
    request: ChunkRequest,
    leftMs: number,
    certifiedError: number | undefined,
  ): Promise<void> {
    if (++this.#waiting < this.#every || this.#expectedMs === undefined) return;
    const inTime = this.#expectedMs <= SHARE_OF_TIME * leftMs;
    if (this.#busy || !inTime) {
      this.#postponed++;
      this.#problem = inTime ? undefined : tooSlow(this.#expectedMs, leftMs);
      // The machine may have been busy when it was measured: it is tried again now and then.
      if (!inTime) this.#expectedMs *= FADING;
      return;
    }
    this.#waiting = 0;
    this.#busy = true;
    this.#problem = undefined;
    try {
      const dense = await this.#worker!.denoise(condition, request);
      this.#expectedMs = dense.latencyMs;
      this.#add(rmsDifference(action, dense.action), certifiedError);
    } catch (error) {
      if (!this.#closed) this.#problem = messageOf(error);
    }
    this.#busy = false;
  }

  /** Ends the thread. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#worker?.close();
  }

  report(): DenseCheckReport {
    const [p50, max] =
      this.#checked === 0 ? [0, 0] : (quantileSeq(this.#errors, [0.5, 1]) as [number, number]);
    return {
      checked: this.#checked,
      postponed: this.#postponed,
      beyond: this.#beyond,
      error: this.#checked === 0 ? null : { last: this.#last, p50, max },
      problem: this.#problem,
    };
  }

  #add(error: number, certifiedError: number | undefined): void {
    this.#last = error;
    this.#errors[this.#checked++ % KEPT] = error;
    if (certifiedError !== undefined && error > certifiedError) this.#beyond++;
  }
}

function tooSlow(tookMs: number, leftMs: number): string {
  return `a dense chunk takes ${tookMs.toFixed(0)} ms, which the ${leftMs.toFixed(0)} ms to the next chunk do not allow`;
}
