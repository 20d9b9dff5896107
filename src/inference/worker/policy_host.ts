import { BadInput, messageOf } from '../../errors.js';
import type { ObservationValue } from '../../control/observation_value.js';
import type { Observation, Stamped } from '../../control/observation_window.js';
import type { ChunkRequest } from '../policy_runner.js';
import { InferenceWorker } from './inference_worker.js';
import type { LoadedPolicy, LoadOptions } from './loaded_policy.js';
import type { WorkerChunk } from './worker_chunk.js';

export interface PolicyHostOptions {
  /**
   * Called when the thread that makes chunks fails, or was ended because chunk after chunk failed;
   * {@link PolicyHost.prepare} starts another one.
   */
  readonly onCrash?: (error: Error) => void;
  /** Starts a thread; tests have others. */
  readonly start?: typeof InferenceWorker.start;
}

/** So many chunks in a row that fail are taken for the end of the thread. */
const MOST_FAILURES = 3;

/** A policy that is being loaded, or is loaded and waits to be taken. */
interface Spare {
  worker?: InferenceWorker;
  loaded: boolean;
}

/**
 * Makes chunks with one policy while another one, or another plan, is loaded and warmed up in a second thread
 * that then takes over between two chunks. A thread without a policy is kept for the next one.
 */
export class PolicyHost {
  readonly #options: PolicyHostOptions;
  #active: InferenceWorker | undefined;
  #spare: Spare | undefined;
  #idle: InferenceWorker | undefined;
  /** All that were started, also those that are being freed or closed. */
  readonly #threads = new Set<InferenceWorker>();
  #closed = false;
  /** Chunks in a row that failed. */
  #failures = 0;

  constructor(options: PolicyHostOptions = {}) {
    this.#options = options;
  }

  /**
   * Loads a policy beside the active one; to be taken with {@link activate}. One that was being prepared is
   * given up, and whoever waits for it gets an error.
   * @throws BadInput when files or options cannot be used; the active policy is not touched by that
   */
  async prepare(options: LoadOptions): Promise<LoadedPolicy> {
    if (this.#closed) throw new Error('the inference threads are closed');
    void this.discard();
    const spare: Spare = { loaded: false };
    this.#spare = spare;
    const given = (): boolean => this.#spare !== spare;
    try {
      spare.worker = await this.#thread();
      if (given()) {
        await this.#release(spare.worker);
        throw new Error('given up');
      }
      const loaded = await spare.worker.load(options);
      spare.loaded = true;
      return loaded;
    } catch (error) {
      if (given()) {
        const why = 'given up: another policy is loaded, or none is wanted any more';
        throw new Error(why, { cause: error });
      }
      this.#spare = undefined;
      if (spare.worker) this.#keep(spare.worker);
      throw error;
    }
  }

  /** The prepared policy makes the chunks from now on; those that were asked for before still come. */
  activate(): void {
    const spare = this.#spare;
    if (!spare?.loaded || spare.worker?.ended) throw new Error('no policy is prepared');
    const before = this.#active;
    this.#active = spare.worker;
    this.#spare = undefined;
    if (before) void this.#release(before);
  }

  /** Gives up what is prepared or being prepared, if anything is. */
  async discard(): Promise<void> {
    const spare = this.#spare;
    this.#spare = undefined;
    if (!spare?.worker) return;
    if (spare.loaded) await this.#release(spare.worker);
    else await this.#end(spare.worker);
  }

  /** Whether the thread of the active policy failed. */
  get hasFailed(): boolean {
    return this.#active?.ended ?? false;
  }

  /** See {@link InferenceWorker.prefetch}; does nothing without a policy. */
  prefetch(source: number, sample: Stamped<ObservationValue>): void {
    this.#active?.prefetch(source, sample);
  }

  /** See {@link InferenceWorker.chunk}. */
  async chunk(
    window: readonly Observation<ObservationValue>[],
    request: ChunkRequest,
  ): Promise<WorkerChunk> {
    const active = this.#active;
    if (!active) throw new Error('no policy is active');
    try {
      const chunk = await active.chunk(window, request);
      this.#failures = 0;
      return chunk;
    } catch (error) {
      // A picture that cannot be used says nothing of the thread.
      if (!(error instanceof BadInput) && !active.ended) await this.#failed(active, error);
      throw error;
    }
  }

  /** A GPU that is lost fails at every chunk from then on: loading anew finds out what can still be used. */
  async #failed(worker: InferenceWorker, error: unknown): Promise<void> {
    if (++this.#failures < MOST_FAILURES || worker !== this.#active) return;
    this.#failures = 0;
    await this.#end(worker);
    const why = `${MOST_FAILURES} chunks in a row failed, the last one: ${messageOf(error)}`;
    this.#options.onCrash?.(new Error(why));
  }

  /** Frees all policies. */
  async unload(): Promise<void> {
    const active = this.#active;
    this.#active = undefined;
    await Promise.all([this.discard(), active && this.#release(active)]);
  }

  /** Ends all threads. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#active = this.#spare = this.#idle = undefined;
    await Promise.all([...this.#threads].map(async (worker) => this.#end(worker)));
  }

  async #thread(): Promise<InferenceWorker> {
    const idle = this.#idle;
    this.#idle = undefined;
    if (idle && !idle.ended) return idle;
    const start = this.#options.start ?? InferenceWorker.start;
    const worker: InferenceWorker = await start({
      onCrash: (error) => {
        if (worker === this.#active) this.#options.onCrash?.(error);
      },
    });
    this.#threads.add(worker);
    return worker;
  }

  async #end(worker: InferenceWorker): Promise<void> {
    await worker.close();
    this.#threads.delete(worker);
  }

  /** Frees a thread's policy once it is done with what was asked of it, and keeps the thread. */
  async #release(worker: InferenceWorker): Promise<void> {
    try {
      await worker.unload();
    } catch {
      // It failed or was closed: there is nothing left to free.
      await this.#end(worker);
      return;
    }
    this.#keep(worker);
  }

  #keep(worker: InferenceWorker): void {
    if (!this.#closed && !this.#idle && !worker.ended) this.#idle = worker;
    else void this.#end(worker);
  }
}
