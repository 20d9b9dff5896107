import './no_telemetry.js';
import ort from 'onnxruntime-node';
import { messageOf } from '../errors.js';
import { nativeCall } from './native_calls.js';

/** A tensor that goes into or comes out of a session, row-major. */
export interface SessionTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array | BigInt64Array | Uint8Array;
}

/** Where ONNX Runtime computes. */
export type ExecutionProvider = 'cuda' | 'cpu';

// Else its own log has a paragraph for every error beside the exception: what fails is thrown.
ort.env.logLevel = 'fatal';

export interface SessionOptions {
  /** Threads inside one operator; 0 lets ONNX Runtime take one per core. Default 1. */
  readonly threads?: number;
  /**
   * False: threads that wait for each other sleep, for long work beside which others want the cores as well, where
   * spinning ones make it twice as slow. Default true, which answers a little faster.
   */
  readonly spinning?: boolean;
  /** Graph optimisations of ONNX Runtime; `basic` loads faster. Default `all`. */
  readonly optimisation?: 'disabled' | 'basic' | 'extended' | 'all';
  /** Default `cpu`. With `cuda`, operators that it lacks run on the CPU. */
  readonly provider?: ExecutionProvider;
}

/** One loaded ONNX graph. This file is the only one that knows ONNX Runtime. */
export class Session {
  readonly #session: ort.InferenceSession;

  private constructor(session: ort.InferenceSession) {
    this.#session = session;
  }

  /**
   * Loads a graph from memory or from a file.
   * @throws Error when ONNX Runtime refuses it, or its provider is missing; graphs are ours, so this is no
   *   bad input
   */
  static async load(model: Uint8Array | string, options: SessionOptions = {}): Promise<Session> {
    const settings: ort.InferenceSession.SessionOptions = {
      intraOpNumThreads: options.threads ?? 1,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      executionProviders: options.provider === 'cuda' ? ['cuda', 'cpu'] : ['cpu'],
      graphOptimizationLevel: options.optimisation ?? 'all',
      ...(options.spinning === false && {
        extra: { session: { intra_op: { allow_spinning: '0' } } },
      }),
      // 4 = fatal; errors are thrown, and warnings are about optimisations that this project does not choose.
      logSeverityLevel: 4,
    };
    const load = async (): Promise<ort.InferenceSession> =>
      typeof model === 'string'
        ? ort.InferenceSession.create(model, settings)
        : ort.InferenceSession.create(model, settings);
    return new Session(
      await nativeCall(load).catch((error: unknown) => {
        throw new Error(`ONNX Runtime cannot load the graph: ${messageOf(error)}`);
      }),
    );
  }

  /** Runs the graph once; blocks the thread until it is done. */
  async run(
    inputs: Readonly<Record<string, SessionTensor>>,
  ): Promise<Record<string, SessionTensor>> {
    const feeds: Record<string, ort.Tensor> = {};
    for (const [name, { data, shape }] of Object.entries(inputs)) feeds[name] = toOrt(data, shape);
    const outputs = await nativeCall(async () => this.#session.run(feeds));
    const results: Record<string, SessionTensor> = {};
    for (const [name, tensor] of Object.entries(outputs)) {
      results[name] = { shape: tensor.dims, data: tensor.data as SessionTensor['data'] };
    }
    return results;
  }

  async close(): Promise<void> {
    await nativeCall(async () => this.#session.release());
  }
}

function toOrt(data: SessionTensor['data'], shape: readonly number[]): ort.Tensor {
  if (data instanceof Float32Array) return new ort.Tensor('float32', data, shape);
  if (data instanceof BigInt64Array) return new ort.Tensor('int64', data, shape);
  return new ort.Tensor('uint8', data, shape);
}
