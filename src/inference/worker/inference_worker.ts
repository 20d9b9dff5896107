import '../no_telemetry.js';
import { Worker } from 'node:worker_threads';
import type { ObservationValue } from '../../control/observation_value.js';
import type { Observation, Stamped } from '../../control/observation_window.js';
import { messageOf } from '../../errors.js';
import { endCalls, newCallCounter } from '../native_calls.js';
import type { Chunk, ChunkRequest } from '../policy_runner.js';
import type { LoadedPolicy, LoadOptions } from './loaded_policy.js';
import { receiveError, type WorkerRequest, type WorkerResponse } from './protocol.js';
import { SampleIds } from './sample_ids.js';
import type { WorkerChunk } from './worker_chunk.js';

export interface InferenceWorkerOptions {
  /** Called once when the thread ends without having been told to. */
  readonly onCrash?: (error: Error) => void;
  /** The thread's program, of which tests have others. */
  readonly program?: URL;
}

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

const PROGRAM = new URL('./worker_thread.js', import.meta.url);

/**
 * A thread that loads one policy at a time and makes chunks with it. Requests are answered in their order; a
 * chunk that is being made is not interrupted but by {@link close}. When the thread fails, all that was asked
 * of it is rejected, and so is all that follows: start another one.
 */
export class InferenceWorker {
  readonly #worker: Worker;
  readonly #options: InferenceWorkerOptions;
  readonly #samples = new SampleIds();
  readonly #calls = newCallCounter();
  /** In the order of the answers. */
  readonly #pending: Pending[] = [];
  #ended: Error | undefined;
  #closing: Promise<void> | undefined;

  private constructor(options: InferenceWorkerOptions) {
    this.#options = options;
    this.#worker = new Worker(options.program ?? PROGRAM, {
      name: 'inference',
      workerData: this.#calls,
    });
    // The thread says by itself that it is ready: its first answer.
    this.#worker.on('message', (response: WorkerResponse) => this.#onAnswer(response));
    this.#worker.on('error', (error) => this.#crash(messageOf(error)));
    this.#worker.on('messageerror', (error) => this.#crash(messageOf(error)));
    this.#worker.on('exit', (code) => this.#crash(`exit code ${code}`));
  }

  /** Starts the thread. @throws Error when it fails before it is ready */
  static async start(options: InferenceWorkerOptions = {}): Promise<InferenceWorker> {
    let ready = false;
    const worker = new InferenceWorker({
      ...options,
      onCrash: (error) => {
        if (ready) options.onCrash?.(error);
      },
    });
    await worker.#answer();
    ready = true;
    return worker;
  }

  /** Whether the thread failed or was closed. */
  get ended(): boolean {
    return this.#ended !== undefined;
  }

  /**
   * Loads a policy in place of the one before and warms it up.
   * @throws BadInput when a file is damaged or does not fit, or CUDA is asked for without fallback and missing
   */
  async load(options: LoadOptions): Promise<LoadedPolicy> {
    this.#samples.clear();
    return (await this.#ask({ kind: 'load', options })) as LoadedPolicy;
  }

  /**
   * Begins to decode and encode a picture that will be part of a window; what is wrong with it is said by the
   * chunk that uses it.
   * @param source index of its source in the policy
   */
  prefetch(source: number, sample: Stamped<ObservationValue>): void {
    if (this.#ended) return;
    const { transfer, ...rest } = this.#samples.prefetch(sample);
    this.#post({ kind: 'prefetch', source, ...rest }, transfer);
  }

  /**
   * Makes a chunk.
   * @param window To observations, oldest first, samples in the order of the policy's sources
   * @param request `inpainting` only where the policy was loaded for it
   * @throws BadInput when a picture cannot be used
   */
  async chunk(
    window: readonly Observation<ObservationValue>[],
    request: ChunkRequest,
  ): Promise<WorkerChunk> {
    const { transfer, ...rest } = this.#samples.window(window);
    return (await this.#ask({ kind: 'chunk', ...rest, ...request }, transfer)) as WorkerChunk;
  }

  /**
   * Makes a chunk from a condition that is known already.
   * @param condition (To, Dc), normalised
   * @param request as for {@link chunk}
   */
  async denoise(condition: Float32Array, request: ChunkRequest): Promise<Chunk> {
    return (await this.#ask({ kind: 'denoise', condition, ...request })) as Chunk;
  }

  /** Frees the policy; the thread stays for the next one. */
  async unload(): Promise<void> {
    this.#samples.clear();
    await this.#ask({ kind: 'unload' });
  }

  /**
   * Ends the thread after the call into ONNX Runtime that it is in, if any; what was asked of it is rejected at
   * once.
   */
  async close(): Promise<void> {
    return (this.#closing ??= this.#terminate());
  }

  async #terminate(): Promise<void> {
    const failed = this.ended;
    this.#end(new Error('the inference thread was closed'));
    if (!failed) await endCalls(this.#calls);
    await this.#worker.terminate();
  }

  async #ask(request: WorkerRequest, transfer: readonly ArrayBuffer[] = []): Promise<unknown> {
    if (this.#ended) throw this.#ended;
    this.#post(request, transfer);
    return this.#answer();
  }

  async #answer(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ resolve, reject });
    });
  }

  #post(request: WorkerRequest, transfer: readonly ArrayBuffer[]): void {
    this.#worker.postMessage(request, transfer);
  }

  #onAnswer(response: WorkerResponse): void {
    const pending = this.#pending.shift();
    if (response.kind === 'failed') pending?.reject(receiveError(response.error));
    else pending?.resolve(response.kind === 'result' ? response.result : undefined);
  }

  #crash(why: string): void {
    if (this.#ended) return;
    const error = new Error(`the inference thread ended unexpectedly: ${why}`);
    this.#end(error);
    this.#options.onCrash?.(error);
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#pending.splice(0)) reject(error);
  }
}
